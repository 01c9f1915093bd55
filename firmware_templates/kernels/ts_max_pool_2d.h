/** @file
 * MAX_POOL_2D over (batch, height, width, channels); a window is clipped to the input. */
#ifndef TS_MAX_POOL_2D_H
#define TS_MAX_POOL_2D_H

#include "ts_window.h"

/** A layer's parameters for ts_max_pool_2d. */
typedef struct {
    ts_window_t window; /**< geometry of the windows */
    int32_t output_min; /**< least output: its activation */
    int32_t output_max; /**< largest output, likewise */
} ts_max_pool_2d_t;

/** The largest value of each window.
 * @param params of this layer
 * @param input (batch, input height, input width, channels)
 * @param output (batch, output height, output width, channels) */
void ts_max_pool_2d(const ts_max_pool_2d_t *params, const int8_t *input, int8_t *output);

#endif
