/** @file
 * SQUARED_DIFFERENCE: the square of the sum of two operands at a common scale, one of them negative. */
#ifndef TS_COMMON_SCALE_SQUARE_H
#define TS_COMMON_SCALE_SQUARE_H

#include "ts_common_scale.h"

/** A layer's parameters for ts_common_scale_square. */
typedef ts_common_scale_t ts_common_scale_square_t;

/** (first + second)^2, at a common scale, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_common_scale_square(const ts_common_scale_square_t *params, const int8_t *first, const int8_t *second,
                            int8_t *output);

#endif
