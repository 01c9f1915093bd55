/** @file
 * ADD and SUB: the sum of two operands at a common scale, of which the first needs no rounding;
 * factors and sign give twice the values. */
#ifndef TS_COMMON_SCALE_SUM_H
#define TS_COMMON_SCALE_SUM_H

#include "ts_common_scale.h"

/** A layer's parameters for ts_common_scale_sum. */
typedef ts_common_scale_t ts_common_scale_sum_t;

/** first + second, at a common scale, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_common_scale_sum(const ts_common_scale_sum_t *params, const int8_t *first, const int8_t *second,
                         int8_t *output);

#endif
