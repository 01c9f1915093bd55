/* DEPTHWISE_CONV_2D: each channel with its own filters. */
#ifndef TS_DEPTHWISE_CONV_2D_H
#define TS_DEPTHWISE_CONV_2D_H

#include "ts_window.h"

typedef struct {
    ts_window_t window;
    int32_t depth_multiplier; /* output channels per input channel */
    int32_t input_offset;
    int32_t output_offset;
    int32_t output_min;
    int32_t output_max;
    const int8_t *weights; /* (filter_height, filter_width, output_channels) */
    const int32_t *bias;   /* (output_channels,) */
    const int32_t *multiplier;
    const int8_t *shift;
} ts_depthwise_conv_2d_t;

void ts_depthwise_conv_2d(const ts_depthwise_conv_2d_t *params, const int8_t *input, int8_t *output);

#endif
