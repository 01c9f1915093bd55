/** @file
 * Parts of ts_channels on desktops with AVX2: included by ts_channels.c, where the stream is described. */
#ifndef TS_CHANNELS_AVX2_H
#define TS_CHANNELS_AVX2_H

#include "ts_avx2.h"
#include "ts_channels.h"

#ifdef TS_HAS_AVX2
/** Two rows as 16-bit values, four of the one before the same four of the other: as many whole blocks of four as go
 * sixteen at a time. Returns how many inputs these are. */
static inline int32_t ts_avx2_widen_rows(const int8_t *row0, const int8_t *row1, int32_t count, int16_t *wide) {
    int32_t done = 0;
    for (; count - done >= 16; done += 16, wide += 32) {
        const __m256i a = ts_avx2_load16(row0 + done);
        const __m256i b = ts_avx2_load16(row1 + done);
        const __m256i even = _mm256_unpacklo_epi64(a, b);
        const __m256i odd = _mm256_unpackhi_epi64(a, b);
        _mm256_storeu_si256((__m256i *)(void *)wide, _mm256_permute2x128_si256(even, odd, 0x20));
        _mm256_storeu_si256((__m256i *)(void *)(wide + 16), _mm256_permute2x128_si256(even, odd, 0x31));
    }
    return done;
}

/** Four channels of two rows where all is_small; `pair_bytes` from a pair of channels to the next one. */
static inline void ts_avx2_four_channels(const int16_t *wide, const int8_t *stream, int32_t blocks, int32_t pair_bytes,
                                         int32_t rounding, int8_t *output, int32_t output_step) {
    const int8_t *scales = stream + 8 * blocks;
    const __m256i first = ts_avx2_pair_sums(wide, stream, blocks);
    const __m256i second = ts_avx2_pair_sums(wide, stream + pair_bytes, blocks);
    const __m256i crossed = _mm256_add_epi32(_mm256_permute2x128_si256(first, second, 0x20),
                                             _mm256_permute2x128_si256(first, second, 0x31));
    const __m256i sums = _mm256_shuffle_epi32(crossed, 0x6C);
    const __m256i both =
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)scales)),
                                _mm_loadu_si128((const __m128i *)(const void *)(scales + pair_bytes)), 1);
    const __m256i bias_and_right = _mm256_shuffle_epi32(both, 0x44);
    const __m256i biased = _mm256_add_epi32(sums, _mm256_srai_epi32(bias_and_right, 8));
    const __m256i scaled =
        ts_avx2_scale_small(_mm256_slli_epi32(biased, 1), _mm256_shuffle_epi32(both, 0xEE), bias_and_right, rounding);
    const int64_t bytes =
        ts_avx2_saturate8(_mm256_permutevar8x32_epi32(scaled, _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7)));
    memcpy(output, &bytes, 4);
    memcpy(output + output_step, (const int8_t *)&bytes + 4, 4);
}
#endif

#endif
