/** @file
 * SUM and MEAN of int16 over any axes. */
#ifndef TS_SUM_I16_H
#define TS_SUM_I16_H

#include "ts_sum.h"

typedef ts_sum_t ts_sum_i16_t;

void ts_sum_i16(const ts_sum_i16_t *params, const int16_t *input, int16_t *output);

#endif
