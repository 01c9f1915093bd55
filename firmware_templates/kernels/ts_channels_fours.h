/** @file
 * Four rows of inputs at once, one channel after the other: included by ts_channels.c, where the stream is described.
 * Each weight, once widened, serves four rows. */
#ifndef TS_CHANNELS_FOURS_H
#define TS_CHANNELS_FOURS_H

#include "ts_channels.h"

#if TS_CHANNELS_BY_FOURS

/** One block of four inputs. Weights of the other channel of a pair lie between those of two blocks. */
#define TS_FOUR_BLOCK                                                                                                  \
    "ldr %[weight], [%[weights]], #8\n\t"                                                                              \
    "ldm %[wide]!, {%[in0], %[in1], %[in2], %[in3]}\n\t"                                                               \
    "sxtb16 %[even], %[weight]\n\t"                                                                                    \
    "sxtb16 %[weight], %[weight], ror #8\n\t"                                                                          \
    "smlad %[sum0], %[in0], %[even], %[sum0]\n\t"                                                                      \
    "smlad %[sum1], %[in1], %[even], %[sum1]\n\t"                                                                      \
    "smlad %[sum2], %[in2], %[even], %[sum2]\n\t"                                                                      \
    "smlad %[sum3], %[in3], %[even], %[sum3]\n\t"                                                                      \
    "ldm %[wide]!, {%[in0], %[in1], %[in2], %[in3]}\n\t"                                                               \
    "smlad %[sum0], %[in0], %[weight], %[sum0]\n\t"                                                                    \
    "smlad %[sum1], %[in1], %[weight], %[sum1]\n\t"                                                                    \
    "smlad %[sum2], %[in2], %[weight], %[sum2]\n\t"                                                                    \
    "smlad %[sum3], %[in3], %[weight], %[sum3]\n\t"

/** sums[i] += row i times one channel, over `blocks` blocks of four, two in a turn, of which an odd number's first turn
 * leaves out one. Returns the address where the next block of this channel would be. */
TS_INLINE const int8_t *ts_four_dot(const int16_t *wide, const int8_t *weights, int32_t blocks, int32_t sums[4]) {
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];
    int32_t weight, even;
    /* LDM takes registers in ascending order. */
    register int32_t in0 __asm__("r3");
    register int32_t in1 __asm__("r4");
    register int32_t in2 __asm__("r5");
    register int32_t in3 __asm__("r6");
    blocks += 1;
    __asm__("lsrs %[blocks], %[blocks], #1\n\t"
            "bcc 2f\n\t"
            "1:\n\t" TS_FOUR_BLOCK "2:\n\t" TS_FOUR_BLOCK "subs %[blocks], %[blocks], #1\n\t"
            "bne 1b"
            : [wide] "+r"(wide), [weights] "+r"(weights), [blocks] "+r"(blocks), [sum0] "+r"(sum0), [sum1] "+r"(sum1),
              [sum2] "+r"(sum2), [sum3] "+r"(sum3), [in0] "=&r"(in0), [in1] "=&r"(in1), [in2] "=&r"(in2),
              [in3] "=&r"(in3), [weight] "=&r"(weight), [even] "=&r"(even)
            :
            : "cc", "memory");
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
    return weights;
}

/** Per block of inputs the even ones of each row, then the odd ones. `inputs` come in fours. */
TS_INLINE void widen_fours(const int8_t *row, int32_t inputs, int16_t *wide) {
    const int8_t *last = row + 3 * inputs;
    const int8_t *end = row + inputs;
    int32_t word0, word1, word2, word3;
    register int32_t half0 __asm__("r3");
    register int32_t half1 __asm__("r4");
    register int32_t half2 __asm__("r5");
    register int32_t half3 __asm__("r6");
    __asm__ volatile("1:\n\t"
                     "ldr %[word1], [%[row], %[inputs]]\n\t"
                     "ldr %[word2], [%[row], %[inputs], lsl #1]\n\t"
                     "ldr %[word3], [%[last]], #4\n\t"
                     "ldr %[word0], [%[row]], #4\n\t"
                     "sxtb16 %[half1], %[word1]\n\t"
                     "sxtb16 %[half2], %[word2]\n\t"
                     "sxtb16 %[half3], %[word3]\n\t"
                     "sxtb16 %[half0], %[word0]\n\t"
                     "stm %[wide]!, {%[half0], %[half1], %[half2], %[half3]}\n\t"
                     "sxtb16 %[half0], %[word0], ror #8\n\t"
                     "sxtb16 %[half1], %[word1], ror #8\n\t"
                     "sxtb16 %[half2], %[word2], ror #8\n\t"
                     "sxtb16 %[half3], %[word3], ror #8\n\t"
                     "cmp %[row], %[end]\n\t"
                     "stm %[wide]!, {%[half0], %[half1], %[half2], %[half3]}\n\t"
                     "bne 1b"
                     : [row] "+r"(row), [last] "+r"(last), [wide] "+r"(wide), [word0] "=&r"(word0),
                       [word1] "=&r"(word1), [word2] "=&r"(word2), [word3] "=&r"(word3), [half0] "=&r"(half0),
                       [half1] "=&r"(half1), [half2] "=&r"(half2), [half3] "=&r"(half3)
                     : [inputs] "r"(inputs), [end] "r"(end)
                     : "cc", "memory");
}

/** All channels of four rows, whose `inputs` come in fours and where all is_small. */
static inline void four_rows(const ts_channels_t *p, const int8_t *rows, int16_t *wide, int8_t *output,
                             int32_t output_step) {
    const int32_t blocks = p->inputs >> 2;
    const int32_t rounding = 1 + 2 * p->output_offset;
    const int8_t *weights = (const int8_t *)p->stream;
    int32_t step = 4 - 8 * blocks; /* from behind one channel to the other one, or to the next pair */
    widen_fours(rows, p->inputs, wide);
    for (const int8_t *end = output + p->outputs; output < end; ++output) {
        const int32_t bias = *(const int32_t *)(const void *)(weights + 8 * blocks) >> 8;
        int32_t sums[4] = {bias, bias, bias, bias};
        weights = ts_four_dot(wide, weights, blocks, sums);
        const ts_scales_t *scales = (const ts_scales_t *)(const void *)weights;
        const int32_t right = scales->bias_and_right[0];
        const int32_t multiplier = scales->multiplier[0];
        const int32_t shifted = ts_shift_left(rounding, right);
        int8_t *at = output;
        int32_t below = output_step;
        __asm__("" : "+r"(below)); /* else compilers keep a pointer for each row, of which most lie on the stack */
        at[0] = (int8_t)ts_scale_to_int8(2 * sums[0], multiplier, right, shifted);
        at[below] = (int8_t)ts_scale_to_int8(2 * sums[1], multiplier, right, shifted);
        at += 2 * below;
        at[0] = (int8_t)ts_scale_to_int8(2 * sums[2], multiplier, right, shifted);
        at[below] = (int8_t)ts_scale_to_int8(2 * sums[3], multiplier, right, shifted);
        weights += step;
        step = 16 - 8 * blocks - step;
    }
}

#endif

#endif
