/** @file
 * MAX_POOL_2D of int16 over (batch, height, width, channels); a window is clipped to the input. */
#ifndef TS_MAX_POOL_2D_I16_H
#define TS_MAX_POOL_2D_I16_H

#include "ts_max_pool_2d.h"

/** A layer's parameters for ts_max_pool_2d_i16. */
typedef ts_max_pool_2d_t ts_max_pool_2d_i16_t;

/** The largest value of each window.
 * @param params of this layer
 * @param input (batch, input height, input width, channels)
 * @param output (batch, output height, output width, channels) */
void ts_max_pool_2d_i16(const ts_max_pool_2d_i16_t *params, const int16_t *input, int16_t *output);

#endif
