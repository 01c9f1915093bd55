/** @file
 * Four channels at once on cores that multiply to 32 bits: included by ts_depthwise_conv_2d.c. */
#ifndef TS_DEPTHWISE_CONV_2D_THUMB_H
#define TS_DEPTHWISE_CONV_2D_THUMB_H

#include "ts_depthwise_conv_2d.h"

#ifdef TS_HAS_HIGH_REGISTERS

/** One of four channels: how its input and its weight come out of their words. */
#define TS_WORDS_LANE(input, weight, sum) input weight "muls %[in], %[in], %[weight]\n\tadd %[" sum "], %[in]\n\t"

/** Sums of four channels over the taps of a filter; `row` and `tap`, four bytes each, are aligned to words. An input is
 * taken as what it is above -128. */
TS_INLINE void ts_words_dot(const walk_t *walk, const int8_t *row, const int8_t *tap, int32_t sums[4]) {
    const uint32_t lowest = 0x80808080u;
    const int32_t step = walk->step;
    const int32_t input_jump = walk->input_jump;
    const int32_t weights_jump = walk->weights_jump;
    const int32_t columns = walk->columns;
    const int8_t *end = tap + walk->weights;
    int32_t left = columns;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;
    int32_t inputs, weights, in, weight;
    __asm__(
        ".syntax unified\n\t"
        "1:\n\t"
        "ldr %[inputs], [%[row]]\n\t"
        "ldr %[in], %[lowest]\n\t"
        "ldr %[weights], [%[tap]]\n\t"
        "eors %[inputs], %[inputs], %[in]\n\t" TS_WORDS_LANE("uxtb %[in], %[inputs]\n\t",
                                                             "sxtb %[weight], %[weights]\n\t", "sum0")
            TS_WORDS_LANE("lsls %[in], %[inputs], #16\n\tlsrs %[in], %[in], #24\n\t",
                          "lsls %[weight], %[weights], #16\n\tasrs %[weight], %[weight], #24\n\t", "sum1")
                TS_WORDS_LANE("lsls %[in], %[inputs], #8\n\tlsrs %[in], %[in], #24\n\t",
                              "lsls %[weight], %[weights], #8\n\tasrs %[weight], %[weight], #24\n\t", "sum2")
                    TS_WORDS_LANE("lsrs %[in], %[inputs], #24\n\t", "asrs %[weight], %[weights], #24\n\t",
                                  "sum3") "adds %[tap], #4\n\t"
                                          "add %[row], %[step]\n\t"
                                          "subs %[left], #1\n\t"
                                          "bne 1b\n\t"
                                          "ldr %[in], %[input_jump]\n\t"
                                          "ldr %[weight], %[weights_jump]\n\t"
                                          "adds %[row], %[row], %[in]\n\t"
                                          "adds %[tap], %[tap], %[weight]\n\t"
                                          "ldr %[left], %[columns]\n\t"
                                          "ldr %[in], %[end]\n\t"
                                          "cmp %[tap], %[in]\n\t"
                                          "bne 1b"
        : [row] "+l"(row), [tap] "+l"(tap), [left] "+l"(left), [sum0] "+h"(sum0), [sum1] "+h"(sum1), [sum2] "+h"(sum2),
          [sum3] "+h"(sum3), [inputs] "=&l"(inputs), [weights] "=&l"(weights), [in] "=&l"(in), [weight] "=&l"(weight)
        : [step] "h"(step), [lowest] "m"(lowest), [input_jump] "m"(input_jump), [weights_jump] "m"(weights_jump),
          [columns] "m"(columns), [end] "m"(end)
        : "cc", "memory");
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

/** Four channels at once, where output and input channels are the same, all is_small and the input's zero point is
 * -128. */
static void convolve_words(const walk_t *walk, const int8_t *tap, const ts_quad_t *quad, const int8_t *row,
                           int8_t *output) {
    int32_t sums[4] = {0, 0, 0, 0};
    if (walk->rows > 0) {
        ts_words_dot(walk, row, tap, sums);
    }
    for (int32_t lane = 0; lane < 4; ++lane) {
        output[lane] =
            (int8_t)small_output(sums[lane], quad->bias_and_right[lane], quad->multiplier[lane], walk->rounding);
    }
}

#endif

#endif
