/** @file
 * The linear layer at the heart of FULLY_CONNECTED and CONV_2D: rows of inputs times rows of weights, scaled per
 * channel.
 *
 * All of a layer lies in the order in which it is read, behind one pointer: for each pair of channels their weights,
 * four inputs of the one before the same four of the other, then what scales them. Behind an odd last channel and
 * behind the last inputs lie zeros, so that no loop has a remainder. */
#ifndef TS_CHANNELS_H
#define TS_CHANNELS_H

#include "ts_avx2.h"
#include "ts_channels_needs.h"
#include "ts_mve.h"
#include "ts_requantize.h"
#include "ts_simd.h"

#include <stdbool.h>

/** @def TS_CHANNELS_BY_FOURS
 * 1 where rows are taken four at once, which takes all registers: clang, and compilers that optimize nothing, keep some
 * for themselves. */
/** @def TS_CHANNELS_BY_PAIRS
 * 1 where they are taken in pairs; those that are left over, one by one. */
#if defined(TS_HAS_SIMD) && !defined(TS_HAS_MVE) && TS_CHANNELS_FOURS && defined(__OPTIMIZE__) && !defined(__clang__)
#define TS_CHANNELS_BY_FOURS 1
#define TS_CHANNELS_BY_PAIRS TS_CHANNELS_PAIRS
#else
#define TS_CHANNELS_BY_FOURS 0
#define TS_CHANNELS_BY_PAIRS 1
#endif

/** @def TS_CHANNELS_PACKED
 * 1 on cores that multiply to 32 bits, where two rows share a register. */
#ifdef TS_HAS_HIGH_REGISTERS
#define TS_CHANNELS_PACKED 1
#else
#define TS_CHANNELS_PACKED 0
#endif

/** A linear layer. */
typedef struct {
    const int32_t *stream; /**< (pairs of channels, words): (blocks of inputs, 2, 4) weights, then ts_scales_t */
    int32_t inputs;        /**< values per row */
    int32_t outputs;       /**< channels */
    int16_t weight_offset; /**< not 0 only for asymmetric weights */
    int16_t output_offset; /**< the output's zero point */
    int8_t output_min;     /**< least output: its activation */
    int8_t output_max;     /**< largest output, likewise */
    /** Sums lie between -2^30 and 2^30, shifts between -23 and -1, biases have 24 bits, outputs are all of int8, there
     * is no weight_offset, and of two neighbouring weights one at most is -128. */
    bool is_small;
} ts_channels_t;

/** Of a pair of channels. Where not all is_small, what 24 bits of a bias lack follows, 2 words. */
typedef struct {
    int32_t bias_and_right[2]; /**< 24 bits: the bias, input's zero point folded in; 8 bits: -1 - the shift */
    int32_t multiplier[2];     /**< of the pair */
} ts_scales_t;

/** What scales a pair of channels, whose weights end there. */
static inline ts_scales_t ts_take_scales(const int8_t *weights_end) {
    const ts_scales_t *at = (const ts_scales_t *)(const void *)weights_end;
#ifdef TS_HAS_SIMD
    ts_scales_t scales;
    __asm__("ldrd %0, %1, [%4]\n\t"
            "ldrd %2, %3, [%4, #8]"
            : "=&r"(scales.bias_and_right[0]), "=&r"(scales.bias_and_right[1]), "=&r"(scales.multiplier[0]),
              "=&r"(scales.multiplier[1])
            : "r"(at), "m"(*at));
    return scales;
#else
    return *at;
#endif
}

/** Words of one pair of channels. */
static inline int32_t ts_pair_words(const ts_channels_t *p) {
    return 2 * ((p->inputs + 3) >> 2) + (p->is_small ? 4 : 6);
}

/** Where one of four inputs lies among widened ones: as ts_plain_even and ts_plain_odd give them, or in its order. */
TS_INLINE int32_t ts_wide_place(int32_t input) {
#ifdef TS_HAS_AVX2
    return input;
#else
    return (input & 1) * 2 + (input >> 1);
#endif
}

#ifdef TS_HAS_SIMD
/** One block of ts_pair_dot. */
#define TS_PAIR_BLOCK                                                                                                  \
    "ldrd %[even0], %[odd0], [%[wide]], #8\n\t"                                                                        \
    "ldrd %[even1], %[odd1], [%[wide]], #8\n\t"                                                                        \
    "ldr %[weight], [%[weights]], #4\n\t"                                                                              \
    "sxtb16 %[even], %[weight]\n\t"                                                                                    \
    "sxtb16 %[weight], %[weight], ror #8\n\t"                                                                          \
    "smlad %[sum00], %[even0], %[even], %[sum00]\n\t"                                                                  \
    "smlad %[sum10], %[even1], %[even], %[sum10]\n\t"                                                                  \
    "smlad %[sum00], %[odd0], %[weight], %[sum00]\n\t"                                                                 \
    "smlad %[sum10], %[odd1], %[weight], %[sum10]\n\t"                                                                 \
    "ldr %[weight], [%[weights]], #4\n\t"                                                                              \
    "sxtb16 %[even], %[weight]\n\t"                                                                                    \
    "sxtb16 %[weight], %[weight], ror #8\n\t"                                                                          \
    "smlad %[sum01], %[even0], %[even], %[sum01]\n\t"                                                                  \
    "smlad %[sum11], %[even1], %[even], %[sum11]\n\t"                                                                  \
    "smlad %[sum01], %[odd0], %[weight], %[sum01]\n\t"                                                                 \
    "smlad %[sum11], %[odd1], %[weight], %[sum11]\n\t"
#if TS_CHANNELS_TWICE
/* Two blocks in one turn, of which an odd number's first turn leaves out one. */
#define TS_PAIR_TURNS                                                                                                  \
    "lsrs %[blocks], %[blocks], #1\n\t"                                                                                \
    "bcc 2f\n\t"                                                                                                       \
    "1:\n\t" TS_PAIR_BLOCK "2:\n\t" TS_PAIR_BLOCK
#else
#define TS_PAIR_TURNS "1:\n\t" TS_PAIR_BLOCK
#endif
#else
/** One of four inputs of a block, which lies at `place` of the widened ones. */
#define TS_PAIR_STEP(place, input)                                                                                     \
    sum00 += wide[place] * weights[input];                                                                             \
    sum01 += wide[place] * weights[4 + (input)];                                                                       \
    sum10 += wide[4 + (place)] * weights[input];                                                                       \
    sum11 += wide[4 + (place)] * weights[4 + (input)]
#endif

/** sums[2 * i + j] += row i times channel j, over `blocks` blocks of four. Returns where the weights end. */
TS_INLINE const int8_t *ts_pair_dot(const int16_t *wide, const int8_t *weights, int32_t blocks, int32_t sums[4]) {
#ifdef TS_HAS_AVX2
    __m128i *four = (__m128i *)(void *)sums;
    _mm_storeu_si128(four, _mm_add_epi32(_mm_loadu_si128(four), ts_avx2_pair_dot(wide, weights, blocks)));
    return weights + 8 * blocks;
#else
    int32_t sum00 = sums[0];
    int32_t sum01 = sums[1];
    int32_t sum10 = sums[2];
    int32_t sum11 = sums[3];
#ifdef TS_HAS_SIMD
    int32_t even0, odd0, even1, odd1, weight, even;
    blocks += TS_CHANNELS_TWICE;
    __asm__(TS_PAIR_TURNS "subs %[blocks], %[blocks], #1\n\t"
                          "bne 1b"
            : [wide] "+r"(wide), [weights] "+r"(weights), [blocks] "+r"(blocks), [sum00] "+r"(sum00),
              [sum01] "+r"(sum01), [sum10] "+r"(sum10), [sum11] "+r"(sum11), [even0] "=&r"(even0), [odd0] "=&r"(odd0),
              [even1] "=&r"(even1), [odd1] "=&r"(odd1), [weight] "=&r"(weight), [even] "=&r"(even)
            :
            : "cc", "memory");
#else
    for (; blocks > 0; --blocks, wide += 8, weights += 8) {
        /* One after the other: as a loop, compilers for small cores spend more on places than on products. */
        TS_PAIR_STEP(0, 0);
        TS_PAIR_STEP(2, 1);
        TS_PAIR_STEP(1, 2);
        TS_PAIR_STEP(3, 3);
    }
#endif
    sums[0] = sum00;
    sums[1] = sum01;
    sums[2] = sum10;
    sums[3] = sum11;
    return weights;
#endif
}

/** All channels of rows of inputs.
 * @param params of this layer
 * @param rows how many lie side by side
 * @param input (rows, inputs)
 * @param output (rows, outputs)
 * @param output_step bytes from a row of outputs to the next one
 * @param scratch 16 bytes per block of four inputs where there are two rows or more, else unused */
void ts_channels(const ts_channels_t *params, int32_t rows, const int8_t *input, int8_t *output, int32_t output_step,
                 int8_t *scratch);

#endif
