/** @file
 * DEPTHWISE_CONV_2D on int16: each input channel of (batch, height, width, channels) with its own filters. */
#ifndef TS_DEPTHWISE_CONV_2D_I16_H
#define TS_DEPTHWISE_CONV_2D_I16_H

#include "ts_linear_i16.h"
#include "ts_window.h"

/** A layer's parameters for ts_depthwise_conv_2d_i16. */
typedef struct {
    ts_window_t window;        /**< geometry of the windows */
    int32_t depth_multiplier;  /**< output channels per input channel */
    ts_linear_output_t output; /**< how sums become outputs */
    const int32_t *stream;     /**< (quads of output channels, ts_quad_i16_t and its weights: (taps, 4)) */
} ts_depthwise_conv_2d_i16_t;

/** Convolves each channel of an image with its own filters.
 * @param params of this layer
 * @param input (batch, input height, input width, channels)
 * @param output (batch, output height, output width, channels * depth_multiplier) */
void ts_depthwise_conv_2d_i16(const ts_depthwise_conv_2d_i16_t *params, const int16_t *input, int16_t *output);

#endif
