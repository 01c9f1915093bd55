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

/** Lanes of a vector, of which there are as many as the type has bits. */
#define TS_VNNI_LANES(type, count, lanes) ((count) < (lanes) ? (type)((UINT64_C(1) << (count)) - 1u) : (type)-1)

/** Writes a row with each block of four inputs twice, as two channels want it, zeros behind the last input. Returns
 * what makes up for larger weights. */
static inline int32_t ts_vnni_double(const int8_t *row, int32_t count, int8_t *doubled) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    __m256i sums = _mm256_setzero_si256();
    for (; count > 0; count -= 32, row += 32, doubled += 64) {
        const __m256i values = _mm256_maskz_loadu_epi8(TS_VNNI_LANES(__mmask32, count, 32), row);
        sums = _mm256_dpbusd_epi32(sums, _mm256_set1_epi8(1), values);
        _mm512_mask_storeu_epi64(doubled, TS_VNNI_LANES(__mmask8, (count + 3) >> 2, 8),
                                 _mm512_permutexvar_epi32(twice, _mm512_castsi256_si512(values)));
    }
    return -128 * ts_avx2_sum8(sums);
}

/** Four pairs of channels: where their weights lie behind those of the first one. */
typedef struct {
    const int8_t *pair[4]; /**< of the last channels some are the same */
} ts_vnni_pairs_t;

/** Adds the products of up to eight blocks of two rows. */
static inline void ts_vnni_add(const ts_vnni_pairs_t *weights, int32_t block, __mmask8 lanes, const int8_t *doubled,
                               int32_t row_bytes, __m512i sums[2][4]) {
    const __m512i row0 = _mm512_maskz_loadu_epi64(lanes, doubled + 8 * block);
    const __m512i row1 = _mm512_maskz_loadu_epi64(lanes, doubled + row_bytes + 8 * block);
    for (int32_t i = 0; i < 4; ++i) {
        const __m512i signed8 = _mm512_maskz_loadu_epi64(lanes, weights->pair[i] + 8 * block);
        const __m512i larger = _mm512_xor_si512(signed8, _mm512_set1_epi8(-128));
        sums[0][i] = _mm512_dpbusd_epi32(sums[0][i], larger, row0);
        sums[1][i] = _mm512_dpbusd_epi32(sums[1][i], larger, row1);
    }
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
static inline __m128i ts_vnni_eight_channels(const ts_vnni_pairs_t *weights, int32_t blocks, const int8_t *doubled,
                                             __m512i start, int32_t rounding) {
    __m512i sums[2][4];
    for (int32_t i = 0; i < 4; ++i) {
        sums[0][i] = _mm512_setzero_si512();
        sums[1][i] = _mm512_setzero_si512();
    }
    int32_t block = 0;
    for (; block + 8 <= blocks; block += 8) {
        ts_vnni_add(weights, block, 0xFF, doubled, 8 * blocks, sums);
    }
    if (block < blocks) {
        ts_vnni_add(weights, block, TS_VNNI_LANES(__mmask8, blocks - block, 8), doubled, 8 * blocks, sums);
    }
    const __m512i row0 = ts_vnni_fold_quarters(ts_vnni_fold(sums[0][0], sums[0][1]), ts_vnni_fold(sums[0][2], sums[0][3]));
    const __m512i row1 = ts_vnni_fold_quarters(ts_vnni_fold(sums[1][0], sums[1][1]), ts_vnni_fold(sums[1][2], sums[1][3]));
    return ts_vnni_outputs(weights, 8 * blocks, _mm512_add_epi32(ts_vnni_fold_quarters(row0, row1), start), rounding);
}

/** All channels of two rows where all is_small. */
static inline void ts_vnni_two_rows(const ts_channels_t *p, const int8_t *rows, int8_t *scratch, int8_t *output,
                                    int32_t output_step) {
    const int32_t blocks = (p->inputs + 3) >> 2;
    const int32_t pair_bytes = 4 * ts_pair_words(p);
    const int32_t start0 = ts_vnni_double(rows, p->inputs, scratch);
    const int32_t start1 = ts_vnni_double(rows + p->inputs, p->inputs, scratch + 8 * blocks);
    const __m512i start =
        _mm512_inserti64x4(_mm512_set1_epi32(start0), _mm256_set1_epi32(start1), 1);
    const int8_t *stream = (const int8_t *)p->stream;
    for (int32_t left = p->outputs; left > 0; left -= 8, output += 8, stream += 4 * pair_bytes) {
        ts_vnni_pairs_t weights;
        for (int32_t i = 0; i < 4; ++i) {
            weights.pair[i] = stream + (2 * i < left ? i : 0) * pair_bytes;
        }
        const __m128i bytes = ts_vnni_eight_channels(&weights, blocks, scratch, start, 1 + 2 * p->output_offset);
        int8_t each[16];
        _mm_storeu_si128((__m128i *)(void *)each, bytes);
        const size_t count = left < 8 ? (size_t)left : 8u;
        if (left >= 8) {
            memcpy(output, each, 8);
            memcpy(output + output_step, each + 8, 8);
        } else {
            memcpy(output, each, count);
            memcpy(output + output_step, each + 8, count);
        }
    }
}
#endif

#endif
