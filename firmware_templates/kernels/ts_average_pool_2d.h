/** @file
 * AVERAGE_POOL_2D over (batch, height, width, channels); a window is clipped to the input. */
#ifndef TS_AVERAGE_POOL_2D_H
#define TS_AVERAGE_POOL_2D_H

#include "ts_window.h"

typedef struct {
    ts_window_t window;
    int32_t output_min;
    int32_t output_max;
} ts_average_pool_2d_t;

void ts_average_pool_2d(const ts_average_pool_2d_t *params, const int8_t *input, int8_t *output);

#endif
