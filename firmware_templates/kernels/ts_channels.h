/* The linear layer at the heart of FULLY_CONNECTED and CONV_2D: rows of inputs times rows of weights, scaled per
 * channel. */
#ifndef TS_CHANNELS_H
#define TS_CHANNELS_H

#include "ts_dot.h"
#include "ts_requantize.h"

typedef struct {
    int32_t inputs;        /* values per row */
    int32_t outputs;       /* channels */
    int32_t weight_offset; /* not 0 only for asymmetric weights */
    int32_t output_offset;
    int32_t output_min;
    int32_t output_max;
    const int8_t *weights; /* (outputs, inputs) */
    const int32_t *bias;   /* (outputs,), with the input's zero point folded in */
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t multiplier_step; /* 1: one multiplier per channel, 0: one for all */
} ts_channels_t;

static inline int8_t ts_channel_output(const ts_channels_t *p, int32_t channel, int32_t sum) {
    const int32_t index = channel * p->multiplier_step;
    const int32_t scaled = ts_requantize(sum, p->multiplier[index], p->shift[index]);
    return ts_clamp(scaled + p->output_offset, p->output_min, p->output_max);
}

static inline int32_t ts_row_sum(const int8_t *row, int32_t count) {
    int32_t sum = 0;
    for (; count > 0; --count) {
        sum += *row++;
    }
    return sum;
}

/* All channels of a row of inputs and of the one `row_step` bytes behind it (0: the same row, for a single one); the
 * second output lies `output_step` bytes behind the first. */
static inline void ts_channels(const ts_channels_t *p, const int8_t *row, int32_t row_step, int8_t *output,
                               int32_t output_step) {
    int32_t offset0 = 0;
    int32_t offset1 = 0;
    if (p->weight_offset != 0) {
        offset0 = p->weight_offset * ts_row_sum(row, p->inputs);
        offset1 = p->weight_offset * ts_row_sum(row + row_step, p->inputs);
    }
    const int8_t *weights = p->weights;
    for (int32_t n = 0; n < p->outputs; n += 2) {
        const int32_t pair = n + 1 < p->outputs ? 1 : 0; /* an odd last channel is computed twice */
        const int32_t next = n + pair;
        const int32_t bias0 = p->bias[n];
        const int32_t bias1 = p->bias[next];
        int32_t sums[4] = {bias0 + offset0, bias1 + offset0, bias0 + offset1, bias1 + offset1};
        ts_plain_dot_2x2(row, row_step, weights, pair * p->inputs, p->inputs, sums);
        output[n] = ts_channel_output(p, n, sums[0]);
        output[next] = ts_channel_output(p, next, sums[1]);
        output[output_step + n] = ts_channel_output(p, n, sums[2]);
        output[output_step + next] = ts_channel_output(p, next, sums[3]);
        weights += (1 + pair) * p->inputs;
    }
}

#endif
