/* The linear layer at the heart of FULLY_CONNECTED and CONV_2D: rows of inputs times rows of weights, scaled per
 * channel.
 *
 * All of a layer lies in the order in which it is read, behind one pointer: for each pair of channels what scales them,
 * then their weights, four inputs of the one before the same four of the other. Behind an odd last channel and behind
 * the last inputs lie zeros, so that no loop has a remainder. */
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
    int32_t is_small;      /* all sums lie between -2^30 and 2^30, all shifts are negative, and output_max is 127 */
    const int32_t *stream; /* (pairs of channels, 6 + 2 * blocks of inputs): ts_scales_t, then (blocks, 2, 4) weights */
} ts_channels_t;

/* Of a pair of channels; the bias has the input's zero point folded in, `right` is -1 - the shift. */
typedef struct {
    int32_t bias[2];
    int32_t multiplier[2];
    int32_t right[2];
} ts_scales_t;

/* Words of one pair of channels. */
static inline int32_t ts_pair_words(const ts_channels_t *p) {
    return 6 + 2 * ((p->inputs + 3) >> 2);
}

static inline int8_t ts_any_channel(const ts_channels_t *p, const ts_scales_t *scales, int32_t channel, int32_t sum) {
    const int32_t scaled = ts_requantize(sum, scales->multiplier[channel], -1 - scales->right[channel]);
    return ts_clamp(scaled + p->output_offset, p->output_min, p->output_max);
}

/* The outputs of a pair of channels for two rows, `output_step` bytes apart; sums as in ts_pair_dot. An odd last
 * channel's neighbour is written first, over what is then overwritten: `pair` is 0. */
static inline void ts_pair_outputs(const ts_channels_t *p, const ts_scales_t *scales, const int32_t sums[4],
                                   int8_t *output, int32_t pair, int32_t output_step) {
    if (p->is_small) {
        const int32_t rounding = 1 + 2 * p->output_offset;
        const int32_t multiplier0 = scales->multiplier[0];
        const int32_t right0 = scales->right[0];
        const int32_t multiplier1 = scales->multiplier[1];
        const int32_t right1 = scales->right[1];
        output[pair] = (int8_t)ts_saturate8(ts_scale_small(2 * sums[1], multiplier1, right1, rounding));
        output[0] = (int8_t)ts_saturate8(ts_scale_small(2 * sums[0], multiplier0, right0, rounding));
        output += output_step;
        output[pair] = (int8_t)ts_saturate8(ts_scale_small(2 * sums[3], multiplier1, right1, rounding));
        output[0] = (int8_t)ts_saturate8(ts_scale_small(2 * sums[2], multiplier0, right0, rounding));
        return;
    }
    output[pair] = ts_any_channel(p, scales, 1, sums[1]);
    output[0] = ts_any_channel(p, scales, 0, sums[0]);
    output[output_step + pair] = ts_any_channel(p, scales, 1, sums[3]);
    output[output_step] = ts_any_channel(p, scales, 0, sums[2]);
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
    const int32_t *stream = p->stream;
    for (int32_t n = 0; n < p->outputs; n += 2, stream += 6 + 2 * blocks) {
        const ts_scales_t *scales = (const ts_scales_t *)(const void *)stream;
        int32_t sums[4] = {scales->bias[0] + offset0, scales->bias[1] + offset0, scales->bias[0] + offset1,
                           scales->bias[1] + offset1};
        ts_pair_dot(wide, (const int8_t *)(stream + 6), blocks, sums);
        ts_pair_outputs(p, scales, sums, output + n, n + 1 < p->outputs ? 1 : 0, output_step);
    }
}

/* All channels of one row of inputs. */
static inline void ts_channels_1(const ts_channels_t *p, const int8_t *row, int8_t *output) {
    const int32_t offset = p->weight_offset != 0 ? p->weight_offset * ts_row_sum(row, p->inputs) : 0;
    const int32_t *stream = p->stream;
    for (int32_t n = 0; n < p->outputs; n += 2, stream += ts_pair_words(p)) {
        const ts_scales_t *scales = (const ts_scales_t *)(const void *)stream;
        const int8_t *weights = (const int8_t *)(stream + 6);
        int32_t sum0 = scales->bias[0] + offset;
        int32_t sum1 = scales->bias[1] + offset;
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
        output[n] = ts_any_channel(p, scales, 0, sum0);
        if (n + 1 < p->outputs) {
            output[n + 1] = ts_any_channel(p, scales, 1, sum1);
        }
    }
}

#endif
