/** @file
 * SQUARED_DIFFERENCE: (first - second)^2, element by element with broadcasting. */
#ifndef TS_SQUARED_DIFFERENCE_H
#define TS_SQUARED_DIFFERENCE_H

#include "ts_scaled.h"

typedef ts_scaled_t ts_squared_difference_t;

void ts_squared_difference(const ts_squared_difference_t *params, const int8_t *first, const int8_t *second,
                           int8_t *output);

#endif
