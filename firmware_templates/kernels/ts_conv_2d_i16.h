/** @file
 * CONV_2D on int16: (batch, height, width, channels), with stride, dilation and groups; and the parts of a
 * TRANSPOSE_CONV. */
#ifndef TS_CONV_2D_I16_H
#define TS_CONV_2D_I16_H

#include "ts_channels_i16.h"
#include "ts_window.h"

/** A layer's parameters for ts_conv_2d_i16. */
typedef struct {
    ts_window_t window;         /**< geometry of the windows */
    ts_positions_t positions;   /**< where outputs lie */
    int32_t groups;             /**< of channels */
    int32_t group_inputs;       /**< input channels per group */
    ts_channels_i16_t channels; /**< of one group: inputs is the filter's size; the others follow in the stream */
} ts_conv_2d_i16_t;

/** Convolves an image with filters.
 * @param params of this layer
 * @param input (batch, input height, input width, input channels)
 * @param output (batch, output height, output width, output channels)
 * @param scratch a patch of a filter's size, in int16 */
void ts_conv_2d_i16(const ts_conv_2d_i16_t *params, const int16_t *input, int16_t *output, int8_t *scratch);

#endif
