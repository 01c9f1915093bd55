/** @file
 * AVERAGE_POOL_2D over (batch, height, width, channels); a window is clipped to the input. */
#ifndef TS_AVERAGE_POOL_2D_H
#define TS_AVERAGE_POOL_2D_H

#include "ts_average_pool_2d_needs.h"
#include "ts_seldom.h"
#include "ts_window.h"

/** A layer's parameters for ts_average_pool_2d. */
typedef struct {
    ts_window_t window; /**< geometry of the windows */
    int32_t output_min; /**< least output: its activation */
    int32_t output_max; /**< largest output, likewise */
} ts_average_pool_2d_t;

/** The rounded mean of each window.
 * @param params of this layer
 * @param input (batch, input height, input width, channels)
 * @param output (batch, output height, output width, channels) */
TS_UNLESS(TS_AVERAGE_POOL_2D_OFTEN)
void ts_average_pool_2d(const ts_average_pool_2d_t *params, const int8_t *input, int8_t *output);

#endif
