/** @file
 * Two rows of inputs in one register, on cores that multiply to 32 bits: included by ts_channels.c, where the stream is
 * described. One product with a weight serves both rows. */
#ifndef TS_CHANNELS_THUMB_H
#define TS_CHANNELS_THUMB_H

#include "ts_channels.h"

#if TS_CHANNELS_PACKED

/** Of one block of four, whose weights lie `at` bytes behind `weights`, two inputs of both rows: `even` and `odd` are
 * how their weights come out of the word. What is added up lies between -2^15 and 2^15 for each row, so that the bit
 * that is shifted out last tells whether the lower row's is negative, which takes one from the upper row's. */
#define TS_PACKED_PAIR(even, odd)                                                                                      \
    "ldmia %[packed]!, {%[in0], %[in1]}\n\t" even "muls %[product], %[product], %[in0]\n\t" odd                        \
    "adds %[product], %[product], %[in0]\n\t"                                                                          \
    "add %[both], %[product]\n\t"                                                                                      \
    "asrs %[product], %[product], #16\n\t"                                                                             \
    "adcs %[upper], %[upper], %[product]\n\t"
#define TS_PACKED_BLOCK(at)                                                                                            \
    "ldr %[word], [%[weights], #" at                                                                                   \
    "]\n\t" TS_PACKED_PAIR("sxtb %[product], %[word]\n\t", "lsls %[in0], %[word], #16\n\t"                             \
                                                           "asrs %[in0], %[in0], #24\n\t"                              \
                                                           "muls %[in0], %[in0], %[in1]\n\t")                          \
        TS_PACKED_PAIR("lsls %[product], %[word], #8\n\t"                                                              \
                       "asrs %[product], %[product], #24\n\t",                                                         \
                       "asrs %[in0], %[word], #24\n\t"                                                                 \
                       "muls %[in0], %[in0], %[in1]\n\t")

/** Sums of two rows times one channel, over `blocks` blocks of four; weights of the other channel of a pair lie between
 * those of two blocks. Returns the address where the next block of this channel would be. */
TS_INLINE const int8_t *ts_packed_dot(const int32_t *packed, const int8_t *weights, int32_t blocks, int32_t sums[2]) {
    const int8_t *end = weights + 8 * blocks;
    int32_t upper = 0;
    int32_t both = 0;
    int32_t word, product;
    /* LDM takes registers in ascending order. */
    register int32_t in0 __asm__("r4");
    register int32_t in1 __asm__("r5");
    if ((blocks & 1) != 0) {
        weights -= 8; /* of two blocks in a turn, the first turn leaves out one */
    }
    __asm__(".syntax unified\n\t"
            "lsrs %[product], %[blocks], #1\n\t"
            "bcs 2f\n\t"
            "1:\n\t" TS_PACKED_BLOCK("0") "2:\n\t" TS_PACKED_BLOCK("8") "adds %[weights], #16\n\t"
                                                                        "cmp %[weights], %[end]\n\t"
                                                                        "bne 1b"
            : [packed] "+l"(packed), [weights] "+l"(weights), [upper] "+l"(upper), [both] "+h"(both),
              [word] "=&l"(word), [product] "=&l"(product), [in0] "=&l"(in0), [in1] "=&l"(in1)
            : [blocks] "l"(blocks), [end] "h"(end)
            : "cc", "memory");
    sums[0] = (int32_t)((uint32_t)both - ((uint32_t)upper << 16));
    sums[1] = upper;
    return weights;
}

/** The first row in the lower, the second one in the upper half of a word for each input, zeros behind. */
static inline void pack_rows(const int8_t *row, int32_t inputs, int32_t *packed) {
    const int8_t *end = row + inputs;
    for (; row < end; ++row) {
        *packed++ = row[0] + row[inputs] * 65536;
    }
    for (; (inputs & 3) != 0; ++inputs) {
        *packed++ = 0;
    }
}

/** All channels of two rows where all is_small. */
static inline void packed_pairs(const ts_channels_t *p, const int8_t *rows, int32_t *packed, int8_t *output,
                                int32_t output_step) {
    const int32_t blocks = (p->inputs + 3) >> 2;
    const int32_t rounding = 1 + 2 * p->output_offset;
    const int8_t *weights = (const int8_t *)p->stream;
    int32_t step = 4 - 8 * blocks; /* from behind one channel to the other one, or to the next pair */
    pack_rows(rows, p->inputs, packed);
    for (const int8_t *end = output + p->outputs; output < end; ++output) {
        int32_t sums[2];
        weights = ts_packed_dot(packed, weights, blocks, sums);
        const ts_scales_t *scales = (const ts_scales_t *)(const void *)weights;
        const int32_t bias_and_right = scales->bias_and_right[0];
        const int32_t multiplier = scales->multiplier[0];
        output[output_step] = small_output(sums[1], bias_and_right, multiplier, rounding);
        output[0] = small_output(sums[0], bias_and_right, multiplier, rounding);
        weights += step;
        step = 16 - 8 * blocks - step;
    }
}

#endif

#endif
