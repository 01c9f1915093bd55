/* CONV_2D: (batch, height, width, channels), with groups, stride and dilation. */
#ifndef TS_CONV_2D_H
#define TS_CONV_2D_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_offset;
    int32_t output_offset;
    int32_t output_min;
    int32_t output_max;
    const int8_t *weights; /* (output_channels, filter_height, filter_width, filter_channels) */
    const int32_t *bias;   /* (output_channels,) or NULL */
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t filter_channels; /* input channels per group */
    int32_t group_filters;   /* output channels per group */
} ts_conv_2d_t;

void ts_conv_2d(const ts_conv_2d_t *params, const int8_t *input, int8_t *output);

#endif
