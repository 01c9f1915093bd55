/** @file
 * Sixteen products at a time on desktops with AVX2, where emulators run many inferences: the same sums and roundings.
 */
#ifndef TS_AVX2_H
#define TS_AVX2_H

#include <stdint.h>
#include <string.h>

#ifdef __AVX2__
#define TS_HAS_AVX2 1 /**< where these functions are there */

#include <immintrin.h>

/** Eight or sixteen bytes from any address as 16-bit values, zeros behind eight. */
static inline __m256i ts_avx2_load8(const int8_t *bytes) {
    return _mm256_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)bytes));
}

static inline __m256i ts_avx2_load16(const int8_t *bytes) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)bytes));
}

/** As memcpy, for few bytes: ends of what is copied are copied twice, but nothing beyond is read or written. */
static inline void ts_avx2_copy(int8_t *target, const int8_t *source, int32_t count) {
    if (count >= 16) {
        const __m128i last = _mm_loadu_si128((const __m128i *)(const void *)(source + count - 16));
        for (int32_t i = 0; i + 16 < count; i += 16) {
            const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(source + i));
            _mm_storeu_si128((__m128i *)(void *)(target + i), bytes);
        }
        _mm_storeu_si128((__m128i *)(void *)(target + count - 16), last);
    } else if (count >= 8) {
        memcpy(target, source, 8);
        memcpy(target + count - 8, source + count - 8, 8);
    } else if (count >= 4) {
        memcpy(target, source, 4);
        memcpy(target + count - 4, source + count - 4, 4);
    } else {
        for (int32_t i = 0; i < count; ++i) {
            target[i] = source[i];
        }
    }
}

/** Rows of `count` bytes. */
static inline void ts_avx2_copy_rows(int8_t *target, int32_t target_step, const int8_t *source, int32_t source_step,
                                     int32_t count, int32_t rows) {
    if (count >= 8 && count <= 16) { /* without asking for each row how many there are */
        for (; rows > 0; --rows, target += target_step, source += source_step) {
            memcpy(target, source, 8);
            memcpy(target + count - 8, source + count - 8, 8);
        }
        return;
    }
    for (; rows > 0; --rows, target += target_step, source += source_step) {
        ts_avx2_copy(target, source, count);
    }
}

/** Four or eight bytes as words. */
static inline __m128i ts_avx2_words4(const int8_t *bytes) {
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return _mm_cvtepi8_epi32(_mm_cvtsi32_si128(word));
}

static inline __m256i ts_avx2_words8(const int8_t *bytes) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)bytes));
}

/** sums + the products of neighbours, two and two. */
static inline __m256i ts_avx2_multiply_add(__m256i a, __m256i b, __m256i sums) {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return _mm256_dpwssd_epi32(sums, a, b);
#else
    return _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
#endif
}

/** Two rows times a pair of channels, as ts_pair_dot, over `blocks` blocks of four; rows are widened in their order.
 * To be added up: of each half, two and two, (row 0, channel 0), (1, 1), (1, 0), (0, 1). */
static inline __m256i ts_avx2_pair_sums(const int16_t *wide, const int8_t *weights, int32_t blocks) {
    __m256i straight = _mm256_setzero_si256();
    __m256i crossed = _mm256_setzero_si256();
    for (; blocks > 1; blocks -= 2, wide += 16, weights += 16) {
        const __m256i rows = _mm256_loadu_si256((const __m256i *)(const void *)wide);
        const __m256i channels = ts_avx2_load16(weights);
        straight = ts_avx2_multiply_add(rows, channels, straight);
        crossed = ts_avx2_multiply_add(_mm256_shuffle_epi32(rows, 0x4E), channels, crossed);
    }
    if (blocks > 0) {
        const __m256i rows = _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)wide));
        const __m256i channels = ts_avx2_load8(weights);
        straight = ts_avx2_multiply_add(rows, channels, straight);
        crossed = ts_avx2_multiply_add(_mm256_shuffle_epi32(rows, 0x4E), channels, crossed);
    }
    return _mm256_hadd_epi32(straight, crossed);
}

/** sums[2 * i + j] of row i and channel j. */
static inline __m128i ts_avx2_pair_dot(const int16_t *wide, const int8_t *weights, int32_t blocks) {
    const __m256i sums = ts_avx2_pair_sums(wide, weights, blocks);
    const __m128i added = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return _mm_shuffle_epi32(added, 0x6C);
}

/** ts_scale_small of eight, each with its own multiplier and shift; of `right` the lowest bytes count. */
static inline __m256i ts_avx2_scale_small(__m256i twice, __m256i multiplier, __m256i right, int32_t rounding) {
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 31);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(twice, multiplier), half);
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(twice, 32), _mm256_srli_epi64(multiplier, 32)), half);
    const __m256i scaled = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
    const __m256i below = _mm256_add_epi32(scaled, _mm256_srai_epi32(scaled, 31));
    const __m256i shifted = _mm256_srav_epi32(below, _mm256_and_si256(right, _mm256_set1_epi32(0xFF)));
    return _mm256_srai_epi32(_mm256_add_epi32(shifted, _mm256_set1_epi32(rounding)), 1);
}

/** All eight added up. */
static inline int32_t ts_avx2_sum8(__m256i sums) {
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}

/** The nearest int8 of each. */
static inline int64_t ts_avx2_saturate8(__m256i values) {
    const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    return _mm_cvtsi128_si64(_mm_packs_epi16(halves, halves));
}
#endif

#endif
