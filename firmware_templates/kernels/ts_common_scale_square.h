/** @file
 * SQUARED_DIFFERENCE: the square of the sum of two operands at a common scale, one of them negative. */
#ifndef TS_COMMON_SCALE_SQUARE_H
#define TS_COMMON_SCALE_SQUARE_H

#include "ts_common_scale.h"

typedef ts_common_scale_t ts_common_scale_square_t;

void ts_common_scale_square(const ts_common_scale_square_t *params, const int8_t *first, const int8_t *second,
                            int8_t *output);

#endif
