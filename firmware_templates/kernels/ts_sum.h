/** @file
 * SUM and MEAN over any axes. */
#ifndef TS_SUM_H
#define TS_SUM_H

#include "ts_reduce.h"
#include "ts_requantize.h"

typedef struct {
    const ts_reduce_t *shape;
    int32_t sum_offset; /**< -zero point * elements per sum */
    ts_output_t output; /**< of a MEAN, the multiplier holds the division by the number of elements */
} ts_sum_t;

void ts_sum(const ts_sum_t *params, const int8_t *input, int8_t *output);

#endif
