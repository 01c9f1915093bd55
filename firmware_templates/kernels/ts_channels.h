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

/* All channels of two rows of inputs (the same row twice for a single one). */
static inline void ts_channels(const ts_channels_t *p, const int8_t *row0, const int8_t *row1, int8_t *output0,
                               int8_t *output1) {
    ts_dot_t rows = {{row0, row1}, {p->weights, p->weights}, 0, p->weight_offset, p->inputs};
    for (int32_t n = 0; n < p->outputs; n += 2) {
        const int32_t next = n + 1 < p->outputs ? n + 1 : n; /* an odd last channel is computed twice */
        int32_t sums[4] = {p->bias[n], p->bias[next], p->bias[n], p->bias[next]};
        rows.right[1] = rows.right[0] + (next - n) * p->inputs;
        ts_dot_2x2(&rows, sums);
        output0[n] = ts_channel_output(p, n, sums[0]);
        output0[next] = ts_channel_output(p, next, sums[1]);
        output1[n] = ts_channel_output(p, n, sums[2]);
        output1[next] = ts_channel_output(p, next, sums[3]);
        rows.right[0] += 2 * p->inputs;
    }
}

#endif
