/** @file
 * Two rows of ts_channels on desktops that multiply 64 bytes at once (AVX-512 with VNNI): included by ts_channels.c,
 * where the stream is described.
 *
 * VPDPBUSD multiplies unsigned by signed bytes: weights are taken 128 larger, and each row's sum, 128 times, away. */
#ifndef TS_CHANNELS_VNNI_H
#define TS_CHANNELS_VNNI_H

#include "ts_avx2.h"
#include "ts_channels.h"

#if defined(TS_HAS_AVX2) && defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define TS_HAS_VNNI 1 /**< where these functions are there */

/** Up to 32 inputs, zeros behind them. */
static inline __m256i ts_vnni_inputs(const int8_t *row, int32_t count) {
    return _mm256_maskz_loadu_epi8(count >= 32 ? 0xFFFFFFFFu : (UINT32_C(1) << count) - 1u, row);
}

/** What makes up for larger weights in all sums of a row. */
static inline int32_t ts_vnni_start(const int8_t *row, int32_t count) {
    __m256i sums = _mm256_setzero_si256();
    for (; count > 0; count -= 32, row += 32) {
        sums = _mm256_dpbusd_epi32(sums, _mm256_set1_epi8(1), ts_vnni_inputs(row, count));
    }
    return -128 * ts_avx2_sum8(sums);
}

/** Four pairs of channels: where their weights lie behind those of the first one. */
typedef struct {
    const int8_t *pair[4]; /**< of the last channels some are the same */
} ts_vnni_pairs_t;

/** Sums of a pair of channels and two rows. */
typedef struct {
    __m512i row0; /**< each eighth: of one block of each eight */
    __m512i row1; /**< likewise */
} ts_vnni_sums_t;

/** Sums of four pairs. */
typedef struct {
    ts_vnni_sums_t a, b, c, d; /**< no array: compilers keep that in memory */
} ts_vnni_eight_t;

/** Adds the products of a pair of channels and up to eight blocks, of which rows have each twice. */
static inline void ts_vnni_add_pair(ts_vnni_sums_t *sums, const int8_t *weights, __mmask8 blocks, __m512i row0,
                                    __m512i row1) {
    const __m512i larger = _mm512_xor_si512(_mm512_maskz_loadu_epi64(blocks, weights), _mm512_set1_epi8(-128));
    sums->row0 = _mm512_dpbusd_epi32(sums->row0, larger, row0);
    sums->row1 = _mm512_dpbusd_epi32(sums->row1, larger, row1);
}

/** Adds the products of up to eight blocks; `weights` bytes behind a pair's first ones are its weights. */
static inline void ts_vnni_add(ts_vnni_eight_t *sums, const ts_vnni_pairs_t *pairs, int32_t weights, __mmask8 blocks,
                               __m256i inputs0, __m256i inputs1) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const __m512i row0 = _mm512_permutexvar_epi32(twice, _mm512_castsi256_si512(inputs0));
    const __m512i row1 = _mm512_permutexvar_epi32(twice, _mm512_castsi256_si512(inputs1));
    ts_vnni_add_pair(&sums->a, pairs->pair[0] + weights, blocks, row0, row1);
    ts_vnni_add_pair(&sums->b, pairs->pair[1] + weights, blocks, row0, row1);
    ts_vnni_add_pair(&sums->c, pairs->pair[2] + weights, blocks, row0, row1);
    ts_vnni_add_pair(&sums->d, pairs->pair[3] + weights, blocks, row0, row1);
}

/** Of two vectors of sums, each eighth of which belongs to a pair: (first pair, second pair) in each quarter. */
static inline __m512i ts_vnni_fold(__m512i first, __m512i second) {
    return _mm512_add_epi32(_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second));
}

/** Of two vectors, each quarter of which is a part of a sum: halves of each. */
static inline __m512i ts_vnni_fold_quarters(__m512i first, __m512i second) {
    return _mm512_add_epi32(_mm512_shuffle_i64x2(first, second, 0x88), _mm512_shuffle_i64x2(first, second, 0xDD));
}

/** ts_scale_small of sixteen. */
static inline __m512i ts_vnni_scale_small(__m512i twice, __m512i multiplier, __m512i right, int32_t rounding) {
    const __m512i half = _mm512_set1_epi64(INT64_C(1) << 31);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(twice, multiplier), half);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(twice, 32), _mm512_srli_epi64(multiplier, 32)), half);
    const __m512i scaled = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xAAAA, odd);
    const __m512i below = _mm512_add_epi32(scaled, _mm512_srai_epi32(scaled, 31));
    const __m512i shifted = _mm512_srav_epi32(below, _mm512_and_si512(right, _mm512_set1_epi32(0xFF)));
    return _mm512_srai_epi32(_mm512_add_epi32(shifted, _mm512_set1_epi32(rounding)), 1);
}

/** What scales a pair of channels. */
static inline __m256i ts_vnni_scales(const int8_t *first, const int8_t *second) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)first)),
                                   _mm_loadu_si128((const __m128i *)(const void *)second), 1);
}

/** Eight sums of either row as outputs; `scales` bytes behind a pair's weights lies what scales them. */
static inline __m128i ts_vnni_outputs(const ts_vnni_pairs_t *weights, int32_t scales, __m512i sums, int32_t rounding) {
    const __m256i even = ts_vnni_scales(weights->pair[0] + scales, weights->pair[2] + scales);
    const __m256i odd = ts_vnni_scales(weights->pair[1] + scales, weights->pair[3] + scales);
    const __m512i bias_and_right = _mm512_broadcast_i64x4(_mm256_unpacklo_epi64(even, odd));
    const __m512i multiplier = _mm512_broadcast_i64x4(_mm256_unpackhi_epi64(even, odd));
    const __m512i biased = _mm512_add_epi32(sums, _mm512_srai_epi32(bias_and_right, 8));
    return _mm512_cvtsepi32_epi8(
        ts_vnni_scale_small(_mm512_slli_epi32(biased, 1), multiplier, bias_and_right, rounding));
}

/** Eight channels of two rows; `start` has what is added to each sum. */
static inline __m128i ts_vnni_eight_channels(const ts_vnni_pairs_t *pairs, int32_t inputs, const int8_t *rows,
                                             __m512i start, int32_t rounding) {
    const ts_vnni_sums_t zeros = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    ts_vnni_eight_t s = {zeros, zeros, zeros, zeros};
    const int8_t *row1 = rows + inputs;
    int32_t i = 0;
    for (; i + 32 <= inputs; i += 32) {
        const __m256i inputs0 = _mm256_loadu_si256((const __m256i *)(const void *)(rows + i));
        ts_vnni_add(&s, pairs, 2 * i, 0xFF, inputs0, _mm256_loadu_si256((const __m256i *)(const void *)(row1 + i)));
    }
    if (i < inputs) {
        const __mmask8 blocks = (__mmask8)((1u << ((inputs - i + 3) >> 2)) - 1u);
        const __m256i inputs0 = ts_vnni_inputs(rows + i, inputs - i);
        ts_vnni_add(&s, pairs, 2 * i, blocks, inputs0, ts_vnni_inputs(row1 + i, inputs - i));
    }
    const __m512i first = ts_vnni_fold_quarters(ts_vnni_fold(s.a.row0, s.b.row0), ts_vnni_fold(s.c.row0, s.d.row0));
    const __m512i second = ts_vnni_fold_quarters(ts_vnni_fold(s.a.row1, s.b.row1), ts_vnni_fold(s.c.row1, s.d.row1));
    const int32_t scales = 8 * ((inputs + 3) >> 2);
    return ts_vnni_outputs(pairs, scales, _mm512_add_epi32(ts_vnni_fold_quarters(first, second), start), rounding);
}

/** All channels of two rows where all is_small. */
static inline void ts_vnni_two_rows(const ts_channels_t *p, const int8_t *rows, int8_t *output, int32_t output_step) {
    const int32_t pair_bytes = 4 * ts_pair_words(p);
    const __m512i start = _mm512_inserti64x4(_mm512_set1_epi32(ts_vnni_start(rows, p->inputs)),
                                             _mm256_set1_epi32(ts_vnni_start(rows + p->inputs, p->inputs)), 1);
    const int8_t *stream = (const int8_t *)p->stream;
    for (int32_t left = p->outputs; left > 0; left -= 8, output += 8, stream += 4 * pair_bytes) {
        ts_vnni_pairs_t weights;
        for (int32_t i = 0; i < 4; ++i) {
            weights.pair[i] = stream + (2 * i < left ? i : 0) * pair_bytes;
        }
        int8_t bytes[16];
        _mm_storeu_si128((__m128i *)(void *)bytes,
                         ts_vnni_eight_channels(&weights, p->inputs, rows, start, 1 + 2 * p->output_offset));
        if (left >= 8) {
            memcpy(output, bytes, 8);
            memcpy(output + output_step, bytes + 8, 8);
        } else {
            memcpy(output, bytes, (size_t)left);
            memcpy(output + output_step, bytes + 8, (size_t)left);
        }
    }
}
#endif

#endif
