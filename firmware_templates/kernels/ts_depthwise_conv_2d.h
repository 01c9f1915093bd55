/** @file
 * DEPTHWISE_CONV_2D: each input channel of (batch, height, width, channels) with its own filters. */
#ifndef TS_DEPTHWISE_CONV_2D_H
#define TS_DEPTHWISE_CONV_2D_H

#include "ts_requantize.h"
#include "ts_window.h"

#include <stdbool.h>

/** Of four output channels. Where not all is_small, what 24 bits of a bias lack follows, 4 words. */
typedef struct {
    int32_t bias_and_right[4]; /**< 24 bits: the bias; 8 bits: -1 - the shift */
    int32_t multiplier[4];     /**< of the four */
} ts_quad_t;

/** A layer's parameters for ts_depthwise_conv_2d. */
typedef struct {
    ts_window_t window;           /**< geometry of the windows */
    ts_extent_t depth_multiplier; /**< output channels per input channel */
    const int32_t *stream;        /**< (output channels / 4, rounded up, words): (taps, 4) weights, then ts_quad_t */
    int16_t input_offset;         /**< minus the input's zero point */
    int16_t output_offset;        /**< the output's zero point */
    int8_t output_min;            /**< least output: its activation */
    int8_t output_max;            /**< largest output, likewise */
    /** Sums lie between -2^30 and 2^30, shifts are negative, biases have 24 bits, outputs are all of int8. */
    bool is_small;
} ts_depthwise_conv_2d_t;

/** Convolves each channel of an image with its own filters.
 * @param params of this layer
 * @param input (batch, input height, input width, channels)
 * @param output (batch, output height, output width, channels * depth_multiplier) */
void ts_depthwise_conv_2d(const ts_depthwise_conv_2d_t *params, const int8_t *input, int8_t *output);

#endif
