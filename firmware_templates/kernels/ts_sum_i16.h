/** @file
 * SUM and MEAN of int16 over any axes. */
#ifndef TS_SUM_I16_H
#define TS_SUM_I16_H

#include "ts_sum.h"

/** A layer's parameters for ts_sum_i16. */
typedef ts_sum_t ts_sum_i16_t;

/** A sum or mean for each kept position.
 * @param params of this layer
 * @param input laid out as `params->shape` says
 * @param output one value for each kept position, contiguous */
void ts_sum_i16(const ts_sum_i16_t *params, const int16_t *input, int16_t *output);

#endif
