/** @file
 * SQUARED_DIFFERENCE: (first - second)^2, element by element, of int16 with broadcasting. */
#ifndef TS_SQUARED_DIFFERENCE_I16_H
#define TS_SQUARED_DIFFERENCE_I16_H

#include "ts_scaled.h"

/** A layer's parameters for ts_squared_difference_i16. */
typedef ts_scaled_t ts_squared_difference_i16_t;

/** (first - second)^2, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_squared_difference_i16(const ts_squared_difference_i16_t *params, const int16_t *first, const int16_t *second,
                               int16_t *output);

#endif
