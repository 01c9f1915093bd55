/* AVERAGE_POOL_2D over (batch, height, width, channels); a window is clipped to the input. */
#ifndef TS_AVERAGE_POOL_2D_H
#define TS_AVERAGE_POOL_2D_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t output_min;
    int32_t output_max;
} ts_average_pool_2d_t;

void ts_average_pool_2d(const ts_average_pool_2d_t *params, const int8_t *input, int8_t *output);

#endif
