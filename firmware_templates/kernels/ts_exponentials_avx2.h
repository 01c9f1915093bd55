/** @file
 * Eight exponentials at a time on desktops with AVX2. */
#ifndef TS_EXPONENTIALS_AVX2_H
#define TS_EXPONENTIALS_AVX2_H

#include "ts_avx2.h"
#include "ts_exponential.h"

#ifdef TS_HAS_AVX2
/** Differences of eight values to a row's maximum. */
static inline __m256i ts_avx2_differences(const int8_t *values, int32_t largest) {
    return _mm256_sub_epi32(_mm256_set1_epi32(largest), ts_avx2_words8(values));
}

/** What `known` has of eight differences, once those that it lacked are computed. */
static inline __m256i ts_avx2_exponentials(const ts_exponential_t *e, __m256i differences, int32_t *known) {
    const __m256i found = _mm256_i32gather_epi32(known, differences, 4);
    const __m256i lacks = _mm256_and_si256(_mm256_cmpeq_epi32(found, _mm256_setzero_si256()),
                                           _mm256_cmpgt_epi32(_mm256_set1_epi32(e->count), differences));
    if (_mm256_testz_si256(lacks, lacks) != 0) {
        return found;
    }
    int32_t each[8];
    _mm256_storeu_si256((__m256i *)(void *)each, differences);
    for (int32_t lane = 0; lane < 8; ++lane) {
        if (known[each[lane]] == 0) {
            known[each[lane]] = ts_exponential(e, each[lane]);
        }
    }
    return _mm256_i32gather_epi32(known, differences, 4);
}

/** The sum of `count` values' exponentials, a multiple of eight of them, each without its last `bits`, rounded. */
static inline int32_t ts_avx2_sum_of_exponentials(const ts_exponential_t *e, const int8_t *values, int32_t count,
                                                  int32_t largest, int32_t *known, int32_t bits) {
    const __m256i half = _mm256_set1_epi32(INT32_C(1) << (bits - 1));
    __m256i sums = _mm256_setzero_si256();
    for (const int8_t *end = values + count; values < end; values += 8) {
        const __m256i exponentials = ts_avx2_exponentials(e, ts_avx2_differences(values, largest), known);
        sums = _mm256_add_epi32(sums, _mm256_srl_epi32(_mm256_add_epi32(exponentials, half), _mm_cvtsi32_si128(bits)));
    }
    return ts_avx2_sum8(sums);
}

/** The posteriors of eight values: scale * exp in Q0, rounded, to steps of 1/256, rounded again. */
static inline int64_t ts_avx2_posteriors(__m256i exponentials, int32_t scale, int32_t exponent) {
    const __m256i scales = _mm256_set1_epi32(scale);
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 30);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epu32(exponentials, scales), half);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(exponentials, 32), scales), half);
    const __m256i products =
        _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(_mm256_srli_epi64(odd, 31), 32), 0xAA);
    const __m256i rounded = _mm256_add_epi32(products, _mm256_set1_epi32(INT32_C(1) << (exponent - 1)));
    const __m256i steps = _mm256_srl_epi32(rounded, _mm_cvtsi32_si128(exponent));
    return ts_avx2_saturate8(_mm256_sub_epi32(steps, _mm256_set1_epi32(128)));
}
#endif

#endif
