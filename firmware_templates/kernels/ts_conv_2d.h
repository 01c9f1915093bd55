/** @file
 * CONV_2D: (batch, height, width, channels), with stride, dilation and groups; and the parts of a
 * TRANSPOSE_CONV. */
#ifndef TS_CONV_2D_H
#define TS_CONV_2D_H

#include "ts_channels.h"
#include "ts_window.h"

typedef struct {
    ts_window_t window;
    ts_positions_t positions;
    int32_t groups;
    int32_t group_inputs; /**< input channels per group */
    int32_t input_zero_point;
    ts_channels_t channels; /**< of one group: inputs is the filter's size; the others follow in the stream */
} ts_conv_2d_t;

/** `scratch` holds 16 bytes per four channels.inputs, and two patches of channels.inputs bytes. */
void ts_conv_2d(const ts_conv_2d_t *params, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
