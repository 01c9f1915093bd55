/** @file
 * SQUARED_DIFFERENCE: (first - second)^2, element by element, of int16 with broadcasting. */
#ifndef TS_SQUARED_DIFFERENCE_I16_H
#define TS_SQUARED_DIFFERENCE_I16_H

#include "ts_scaled.h"

typedef ts_scaled_t ts_squared_difference_i16_t;

void ts_squared_difference_i16(const ts_squared_difference_i16_t *params, const int16_t *first, const int16_t *second,
                               int16_t *output);

#endif
