/** @file
 * CONV_2D: (batch, height, width, channels), with stride, dilation and groups; and the parts of a
 * TRANSPOSE_CONV. */
#ifndef TS_CONV_2D_H
#define TS_CONV_2D_H

#include "ts_channels.h"
#include "ts_window.h"

/** A layer's parameters for ts_conv_2d. */
typedef struct {
    ts_window_t window;       /**< geometry of the windows */
    ts_positions_t positions; /**< where outputs lie */
    int32_t groups;           /**< of channels */
    int32_t group_inputs;     /**< input channels per group */
    int32_t input_zero_point; /**< what lies around the image */
    ts_channels_t channels;   /**< of one group: inputs is the filter's size; the others follow in the stream */
} ts_conv_2d_t;

/** Convolves an image with filters.
 * @param params of this layer
 * @param input (batch, input height, input width, input channels)
 * @param output (batch, output height, output width, output channels)
 * @param scratch 16 bytes per four values of a filter, and two patches of a filter's size */
void ts_conv_2d(const ts_conv_2d_t *params, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
