/* DEPTHWISE_CONV_2D: each input channel of (batch, height, width, channels) with its own filters. */
#ifndef TS_DEPTHWISE_CONV_2D_H
#define TS_DEPTHWISE_CONV_2D_H

#include "ts_requantize.h"
#include "ts_window.h"

/* Of four output channels; `right` is -1 - the shift. Behind it lie their weights, (taps, 4). */
typedef struct {
    int32_t bias[4];
    int32_t multiplier[4];
    int32_t right[4];
} ts_quad_t;

#define TS_QUAD_WORDS 12

typedef struct {
    ts_window_t window;
    int32_t depth_multiplier; /* output channels per input channel */
    int32_t input_offset;
    int32_t output_offset;
    int32_t output_min;
    int32_t output_max;
    int32_t is_small;      /* sums lie between -2^30 and 2^30, shifts are negative, outputs are all of int8 */
    const int32_t *stream; /* (output channels / 4, rounded up, TS_QUAD_WORDS + taps): ts_quad_t, then weights */
} ts_depthwise_conv_2d_t;

void ts_depthwise_conv_2d(const ts_depthwise_conv_2d_t *params, const int8_t *input, int8_t *output);

#endif
