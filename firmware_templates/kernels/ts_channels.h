/* The linear layer at the heart of FULLY_CONNECTED and CONV_2D: rows of inputs times rows of weights, scaled per
 * channel.
 *
 * Weights lie in pairs of channels, four inputs of the one before the same four of the other, an odd last channel
 * with zeros, and inputs filled up with zeros to a multiple of four: both channels are read with one pointer, and no
 * loop has a remainder. */
#ifndef TS_CHANNELS_H
#define TS_CHANNELS_H

#include "ts_requantize.h"
#include "ts_simd.h"

typedef struct {
    int32_t inputs;        /* values per row */
    int32_t outputs;       /* channels */
    int32_t weight_offset; /* not 0 only for asymmetric weights */
    int32_t output_offset;
    int32_t output_min;
    int32_t output_max;
    int32_t is_small;      /* all sums lie between -2^30 and 2^30, and all shifts are negative */
    const int8_t *weights; /* (pairs of outputs, blocks of inputs, 2, 4) */
    const int32_t *bias;   /* (outputs,), with the input's zero point folded in */
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t multiplier_step; /* 1: one multiplier per channel, 0: one for all */
} ts_channels_t;

static inline int8_t ts_channel_output(const ts_channels_t *p, int32_t channel, int32_t sum) {
    const int32_t index = channel * p->multiplier_step;
    const int32_t multiplier = p->multiplier[index];
    const int32_t shift = p->shift[index];
    const int32_t scaled = p->is_small ? ts_scale_small(sum, multiplier, shift) : ts_requantize(sum, multiplier, shift);
    return ts_clamp(scaled + p->output_offset, p->output_min, p->output_max);
}

static inline int32_t ts_row_sum(const int8_t *row, int32_t count) {
    int32_t sum = 0;
    for (; count > 0; --count) {
        sum += *row++;
    }
    return sum;
}

/* Four inputs as 16-bit values: those of even, then those of odd place, as ts_plain_even and ts_plain_odd give them;
 * `count` of them, 1 to 4, zeros behind. */
static inline void ts_widen4(const int8_t *input, int32_t count, int16_t *wide) {
    for (int32_t i = 0; i < 4; ++i) {
        wide[(i & 1) * 2 + (i >> 1)] = (int16_t)(i < count ? input[i] : 0);
    }
}

/* Two rows as 16-bit values, four of the one before the same four of the other. */
static inline void ts_widen_rows(const int8_t *row0, const int8_t *row1, int32_t count, int16_t *wide) {
#ifdef TS_HAS_SIMD
    for (; count >= 4; count -= 4, row0 += 4, row1 += 4, wide += 8) {
        const uint32_t a = ts_load4(row0);
        const uint32_t b = ts_load4(row1);
        int32_t *words = (int32_t *)(void *)wide;
        words[0] = ts_plain_even(a);
        words[1] = ts_plain_odd(a);
        words[2] = ts_plain_even(b);
        words[3] = ts_plain_odd(b);
    }
#endif
    for (; count > 0; count -= 4, row0 += 4, row1 += 4, wide += 8) {
        ts_widen4(row0, count, wide);
        ts_widen4(row1, count, wide + 4);
    }
}

/* sums[2 * i + j] += row i times channel j, over `blocks` blocks of four. */
static inline void ts_pair_dot(const int16_t *wide, const int8_t *weights, int32_t blocks, int32_t sums[4]) {
    int32_t sum00 = sums[0];
    int32_t sum01 = sums[1];
    int32_t sum10 = sums[2];
    int32_t sum11 = sums[3];
#ifdef TS_HAS_SIMD
    int32_t even0, odd0, even1, odd1, weight, even;
    __asm__("1:\n\t"
            "ldrd %[even0], %[odd0], [%[wide]], #8\n\t"
            "ldrd %[even1], %[odd1], [%[wide]], #8\n\t"
            "ldr %[weight], [%[weights]], #4\n\t"
            "sxtb16 %[even], %[weight]\n\t"
            "sxtb16 %[weight], %[weight], ror #8\n\t"
            "smlad %[sum00], %[even0], %[even], %[sum00]\n\t"
            "smlad %[sum10], %[even1], %[even], %[sum10]\n\t"
            "smlad %[sum00], %[odd0], %[weight], %[sum00]\n\t"
            "smlad %[sum10], %[odd1], %[weight], %[sum10]\n\t"
            "ldr %[weight], [%[weights]], #4\n\t"
            "sxtb16 %[even], %[weight]\n\t"
            "sxtb16 %[weight], %[weight], ror #8\n\t"
            "smlad %[sum01], %[even0], %[even], %[sum01]\n\t"
            "smlad %[sum11], %[even1], %[even], %[sum11]\n\t"
            "subs %[blocks], %[blocks], #1\n\t"
            "smlad %[sum01], %[odd0], %[weight], %[sum01]\n\t"
            "smlad %[sum11], %[odd1], %[weight], %[sum11]\n\t"
            "bne 1b"
            : [wide] "+r"(wide), [weights] "+r"(weights), [blocks] "+r"(blocks), [sum00] "+r"(sum00),
              [sum01] "+r"(sum01), [sum10] "+r"(sum10), [sum11] "+r"(sum11), [even0] "=&r"(even0), [odd0] "=&r"(odd0),
              [even1] "=&r"(even1), [odd1] "=&r"(odd1), [weight] "=&r"(weight), [even] "=&r"(even)
            :
            : "cc", "memory");
#else
    for (; blocks > 0; --blocks, wide += 8, weights += 8) {
        for (int32_t i = 0; i < 4; ++i) {
            const int32_t at = (i & 1) * 2 + (i >> 1);
            sum00 += wide[at] * weights[i];
            sum01 += wide[at] * weights[4 + i];
            sum10 += wide[4 + at] * weights[i];
            sum11 += wide[4 + at] * weights[4 + i];
        }
    }
#endif
    sums[0] = sum00;
    sums[1] = sum01;
    sums[2] = sum10;
    sums[3] = sum11;
}

/* All channels of a row of inputs and of the one `row_step` bytes behind it; the second output lies `output_step` bytes
 * behind the first. `wide` holds 16 bytes per block of four inputs. */
static inline void ts_channels_2(const ts_channels_t *p, const int8_t *row, int32_t row_step, int8_t *output,
                                 int32_t output_step, int16_t *wide) {
    const int32_t blocks = (p->inputs + 3) >> 2;
    int32_t offset0 = 0;
    int32_t offset1 = 0;
    if (p->weight_offset != 0) {
        offset0 = p->weight_offset * ts_row_sum(row, p->inputs);
        offset1 = p->weight_offset * ts_row_sum(row + row_step, p->inputs);
    }
    ts_widen_rows(row, row + row_step, p->inputs, wide);
    const int8_t *weights = p->weights;
    for (int32_t n = 0; n < p->outputs; n += 2, weights += 8 * blocks) {
        const int32_t next = n + 1 < p->outputs ? n + 1 : n; /* behind an odd last channel: nothing */
        const int32_t bias0 = p->bias[n];
        const int32_t bias1 = p->bias[next];
        int32_t sums[4] = {bias0 + offset0, bias1 + offset0, bias0 + offset1, bias1 + offset1};
        ts_pair_dot(wide, weights, blocks, sums);
        if (next != n) {
            output[next] = ts_channel_output(p, next, sums[1]);
            output[output_step + next] = ts_channel_output(p, next, sums[3]);
        }
        output[n] = ts_channel_output(p, n, sums[0]);
        output[output_step + n] = ts_channel_output(p, n, sums[2]);
    }
}

/* All channels of one row of inputs. */
static inline void ts_channels_1(const ts_channels_t *p, const int8_t *row, int8_t *output) {
    const int32_t offset = p->weight_offset != 0 ? p->weight_offset * ts_row_sum(row, p->inputs) : 0;
    const int8_t *weights = p->weights;
    for (int32_t n = 0; n < p->outputs; n += 2) {
        const int32_t next = n + 1 < p->outputs ? n + 1 : n;
        int32_t sum0 = p->bias[n] + offset;
        int32_t sum1 = p->bias[next] + offset;
        const int8_t *in = row;
        int32_t left = p->inputs;
#ifdef TS_HAS_SIMD
        for (; left >= 4; left -= 4, in += 4, weights += 8) {
            const uint32_t a = ts_load4(in);
            const uint32_t b0 = ts_load4(weights);
            const uint32_t b1 = ts_load4(weights + 4);
            const int32_t even = ts_plain_even(a);
            const int32_t odd = ts_plain_odd(a);
            sum0 = ts_multiply_add(odd, ts_plain_odd(b0), ts_multiply_add(even, ts_plain_even(b0), sum0));
            sum1 = ts_multiply_add(odd, ts_plain_odd(b1), ts_multiply_add(even, ts_plain_even(b1), sum1));
        }
#endif
        for (; left > 0; left -= 4, weights += 8) {
            for (int32_t i = 0; i < 4 && i < left; ++i) {
                const int32_t a = *in++;
                sum0 += a * weights[i];
                sum1 += a * weights[4 + i];
            }
        }
        if (next != n) {
            output[next] = ts_channel_output(p, next, sum1);
        }
        output[n] = ts_channel_output(p, n, sum0);
    }
}

#endif
