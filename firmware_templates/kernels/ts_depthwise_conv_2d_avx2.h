/** @file
 * Four channels of ts_depthwise_conv_2d on desktops with AVX2: included by ts_depthwise_conv_2d.c, behind what both
 * use. */
#ifndef TS_DEPTHWISE_CONV_2D_AVX2_H
#define TS_DEPTHWISE_CONV_2D_AVX2_H

#include "ts_avx2.h"
#include "ts_depthwise_conv_2d.h"

/** Four channels at once, where output and input channels are the same. */
static inline void convolve_quad(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *tap,
                                 const ts_quad_t *quad, const int8_t *row, int8_t *output) {
    const __m128i offset = _mm_set1_epi32(p->input_offset);
    __m128i sums = _mm_setzero_si128();
    for (int32_t y = walk->rows; y > 0; --y, row += walk->input_jump, tap += walk->weights_jump) {
        for (int32_t x = walk->columns; x > 0; --x, row += walk->step, tap += 4) {
            const __m128i inputs = _mm_add_epi32(ts_avx2_words4(row), offset);
            sums = _mm_add_epi32(sums, _mm_mullo_epi32(inputs, ts_avx2_words4(tap)));
        }
    }
    if (is_small(p)) {
        const __m128i bias_and_right = _mm_loadu_si128((const __m128i *)(const void *)quad->bias_and_right);
        const __m128i multiplier = _mm_loadu_si128((const __m128i *)(const void *)quad->multiplier);
        const __m128i biased = _mm_add_epi32(sums, _mm_srai_epi32(bias_and_right, 8));
        const __m256i scaled =
            ts_avx2_scale_small(_mm256_castsi128_si256(_mm_slli_epi32(biased, 1)), _mm256_castsi128_si256(multiplier),
                                _mm256_castsi128_si256(bias_and_right), walk->rounding);
        const int64_t bytes = ts_avx2_saturate8(scaled);
        memcpy(output, &bytes, 4);
        return;
    }
    int32_t all[4];
    _mm_storeu_si128((__m128i *)(void *)all, sums);
    for (int32_t lane = 0; lane < 4; ++lane) {
        output[lane] = any_output(p, quad, lane, all[lane]);
    }
}

#endif
