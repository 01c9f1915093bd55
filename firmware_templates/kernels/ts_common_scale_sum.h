/** @file
 * ADD and SUB: the sum of two operands at a common scale, of which the first needs no rounding;
 * factors and sign give twice the values. */
#ifndef TS_COMMON_SCALE_SUM_H
#define TS_COMMON_SCALE_SUM_H

#include "ts_common_scale.h"

typedef ts_common_scale_t ts_common_scale_sum_t;

void ts_common_scale_sum(const ts_common_scale_sum_t *params, const int8_t *first, const int8_t *second,
                         int8_t *output);

#endif
