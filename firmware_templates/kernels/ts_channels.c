#include "ts_channels.h"

#include "ts_channels_avx2.h"
#include "ts_channels_vnni.h"
#include "ts_mve.h"

static inline bool is_small(const ts_channels_t *p) {
    return !TS_CHANNELS_LARGE || p->is_small;
}

/* What the offset of the weights adds to each sum. */
static int32_t row_offset(const ts_channels_t *p, const int8_t *row) {
    int32_t sum = 0;
    for (int32_t i = 0; p->weight_offset != 0 && i < p->inputs; ++i) {
        sum += row[i];
    }
    return p->weight_offset * sum;
}

#ifdef TS_HAS_MVE
#include "ts_channels_mve.h"

void ts_channels(const ts_channels_t *params, int32_t rows, const int8_t *input, int8_t *output, int32_t output_step,
                 int8_t *scratch) {
    const int32_t inputs = params->inputs;
    (void)scratch;
    for (; rows > 0; rows -= 2, input += 2 * inputs, output += 2 * output_step) {
        const int32_t more = rows > 1 ? 1 : 0; /* an odd last row is computed twice */
        mve_rows(params, input, input + more * inputs, output, output + more * output_step);
    }
}
#else
#if TS_CHANNELS_BY_FOURS
#include "ts_channels_fours.h"
#endif

/* `sum` of the weighted inputs, without the bias; `rounding` is 1 + 2 * the output's zero point. */
TS_INLINE int8_t small_output(int32_t sum, int32_t bias_and_right, int32_t multiplier, int32_t rounding) {
    const int32_t twice = 2 * (sum + (bias_and_right >> 8));
    return (int8_t)ts_saturate8(ts_scale_small(twice, multiplier, bias_and_right, rounding));
}

/* The same of any layer. */
static int8_t any_output(const ts_channels_t *p, const ts_scales_t *scales, int32_t channel, int32_t sum) {
    const int32_t bias_and_right = scales->bias_and_right[channel];
    const int32_t more_bias = is_small(p) ? 0 : ((const int32_t *)(scales + 1))[channel];
    const int32_t biased = sum + (bias_and_right >> 8) + more_bias;
    const int32_t scaled = ts_requantize(biased, scales->multiplier[channel], -1 - (int8_t)bias_and_right);
    return ts_clamp(scaled + p->output_offset, p->output_min, p->output_max);
}

#if TS_CHANNELS_PACKED
#include "ts_channels_thumb.h"
#endif

#if TS_CHANNELS_BY_PAIRS
/* Four inputs as 16-bit values in their places, `count` of them, 1 to 4, zeros behind. */
TS_APART void widen4(const int8_t *input, int32_t count, int16_t *wide) {
    for (int32_t i = 0; i < 4; ++i) {
        wide[ts_wide_place(i)] = (int16_t)(i < count ? input[i] : 0);
    }
}

#ifndef TS_HAS_SIMD
/* Four inputs, one after the other: as a loop, compilers for small cores spend more on places than on values. */
TS_INLINE void widen_block(const int8_t *input, int16_t *wide) {
    wide[ts_wide_place(0)] = input[0];
    wide[ts_wide_place(1)] = input[1];
    wide[ts_wide_place(2)] = input[2];
    wide[ts_wide_place(3)] = input[3];
}
#endif

/* Two rows as 16-bit values, four of the one before the same four of the other. */
static inline void widen_rows(const int8_t *row0, const int8_t *row1, int32_t count, int16_t *wide) {
#ifdef TS_HAS_AVX2
    const int32_t done = ts_avx2_widen_rows(row0, row1, count, wide);
    count -= done;
    row0 += done;
    row1 += done;
    wide += 2 * done;
#endif
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
#else
    for (; count >= 4; count -= 4, row0 += 4, row1 += 4, wide += 8) {
        widen_block(row0, wide);
        widen_block(row1, wide + 4);
    }
#endif
    for (; TS_CHANNELS_TAILS && count > 0; count -= 4, row0 += 4, row1 += 4, wide += 8) {
        widen4(row0, count, wide);
        widen4(row1, count, wide + 4);
    }
}

#if TS_CHANNELS_PACKED
static inline void small_pairs(const ts_channels_t *p, const int8_t *rows, int16_t *wide, int8_t *output,
                               int32_t output_step) {
    packed_pairs(p, rows, (int32_t *)(void *)wide, output, output_step);
}
#elif defined(TS_HAS_VNNI)
static inline void small_pairs(const ts_channels_t *p, const int8_t *rows, int16_t *wide, int8_t *output,
                               int32_t output_step) {
    (void)wide;
    ts_vnni_two_rows(p, rows, output, output_step);
}
#else
/* All channels of two rows where all is_small. */
static inline void small_pairs(const ts_channels_t *p, const int8_t *rows, int16_t *wide, int8_t *output,
                               int32_t output_step) {
    const int32_t blocks = (p->inputs + 3) >> 2;
    const int32_t rounding = 1 + 2 * p->output_offset;
    const int8_t *stream = (const int8_t *)p->stream;
    widen_rows(rows, rows + p->inputs, p->inputs, wide);
    const int8_t *end = output + p->outputs;
#ifdef TS_HAS_AVX2
    const int32_t pair_bytes = 4 * ts_pair_words(p);
    for (; end - output >= 4; output += 4, stream += 2 * pair_bytes) {
        ts_avx2_four_channels(wide, stream, blocks, pair_bytes, rounding, output, output_step);
    }
#endif
    for (; output < end; output += 2, stream += sizeof(ts_scales_t)) {
        int32_t sums[4] = {0, 0, 0, 0};
        stream = ts_pair_dot(wide, stream, blocks, sums);
        const ts_scales_t scales = ts_take_scales(stream);
        /* What would be behind an odd last channel is written first, to be written over. */
        const int32_t next = !TS_CHANNELS_ODD || end - output > 1 ? 1 : 0;
        const int32_t below = output_step;
        output[next] = small_output(sums[1], scales.bias_and_right[1], scales.multiplier[1], rounding);
        output[0] = small_output(sums[0], scales.bias_and_right[0], scales.multiplier[0], rounding);
        output[below + next] = small_output(sums[3], scales.bias_and_right[1], scales.multiplier[1], rounding);
        output[below] = small_output(sums[2], scales.bias_and_right[0], scales.multiplier[0], rounding);
    }
}
#endif

static void any_pairs(const ts_channels_t *p, const int8_t *row, int16_t *wide, int8_t *output, int32_t output_step) {
    const int32_t blocks = (p->inputs + 3) >> 2;
    const int32_t offset0 = row_offset(p, row);
    const int32_t offset1 = row_offset(p, row + p->inputs);
    const int32_t *stream = p->stream;
    widen_rows(row, row + p->inputs, p->inputs, wide);
    for (int32_t n = 0; n < p->outputs; n += 2, stream += ts_pair_words(p)) {
        int32_t sums[4] = {offset0, offset0, offset1, offset1};
        const int8_t *weights_end = ts_pair_dot(wide, (const int8_t *)stream, blocks, sums);
        const ts_scales_t *scales = (const ts_scales_t *)(const void *)weights_end;
        for (int32_t i = 0; i < 2 && n + i < p->outputs; ++i) {
            output[n + i] = any_output(p, scales, i, sums[i]);
            output[output_step + n + i] = any_output(p, scales, i, sums[2 + i]);
        }
    }
}

#endif

static inline int8_t single_output(const ts_channels_t *p, const ts_scales_t *scales, int32_t channel, int32_t sum) {
    if (TS_CHANNELS_LARGE) {
        return any_output(p, scales, channel, sum);
    }
    const int32_t rounding = 1 + 2 * p->output_offset;
    return small_output(sum, scales->bias_and_right[channel], scales->multiplier[channel], rounding);
}

static void one_row(const ts_channels_t *p, const int8_t *row, int8_t *output) {
    const int32_t offset = is_small(p) ? 0 : row_offset(p, row);
    const int8_t *weights = (const int8_t *)p->stream;
    for (int32_t n = 0; n < p->outputs; n += 2) {
        int32_t sum0 = offset;
        int32_t sum1 = offset;
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
#else
        for (; left >= 4; left -= 4, weights += 8) {
            for (int32_t i = 0; i < 4; ++i) {
                const int32_t a = *in++;
                sum0 += a * weights[i];
                sum1 += a * weights[4 + i];
            }
        }
#endif
        for (; TS_CHANNELS_TAILS && left > 0; left -= 4, weights += 8) {
            for (int32_t i = 0; i < 4 && i < left; ++i) {
                const int32_t a = *in++;
                sum0 += a * weights[i];
                sum1 += a * weights[4 + i];
            }
        }
        const ts_scales_t *scales = (const ts_scales_t *)(const void *)weights;
        output[n] = single_output(p, scales, 0, sum0);
        if (n + 1 < p->outputs) {
            output[n + 1] = single_output(p, scales, 1, sum1);
        }
        weights += is_small(p) ? 16 : 24;
    }
}

void ts_channels(const ts_channels_t *params, int32_t rows, const int8_t *input, int8_t *output, int32_t output_step,
                 int8_t *scratch) {
    const ts_channels_t *p = params;
    int16_t *wide = (int16_t *)(void *)scratch;
#if TS_CHANNELS_BY_FOURS
    const bool in_fours = is_small(p) && (!TS_CHANNELS_TAILS || (p->inputs & 3) == 0);
    for (; rows >= 4 && in_fours; rows -= 4) {
        four_rows(p, input, wide, output, output_step);
        input += 4 * p->inputs;
        output += 4 * output_step;
    }
#endif
#if TS_CHANNELS_BY_PAIRS
    for (; rows >= 2; rows -= 2) {
        if (is_small(p)) {
            small_pairs(p, input, wide, output, output_step);
        } else {
            any_pairs(p, input, wide, output, output_step);
        }
        input += 2 * p->inputs;
        output += 2 * output_step;
    }
#endif
    for (; rows > 0; --rows, input += p->inputs, output += output_step) {
        one_row(p, input, output);
    }
}
#endif
