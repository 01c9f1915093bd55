/** @file
 * SQUARED_DIFFERENCE: (first - second)^2, element by element with broadcasting. */
#ifndef TS_SQUARED_DIFFERENCE_H
#define TS_SQUARED_DIFFERENCE_H

#include "ts_scaled.h"

/** A layer's parameters for ts_squared_difference. */
typedef ts_scaled_t ts_squared_difference_t;

/** (first - second)^2, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_squared_difference(const ts_squared_difference_t *params, const int8_t *first, const int8_t *second,
                           int8_t *output);

#endif
