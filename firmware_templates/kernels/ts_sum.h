/** @file
 * SUM and MEAN over any axes. */
#ifndef TS_SUM_H
#define TS_SUM_H

#include "ts_reduce.h"
#include "ts_requantize.h"

/** A layer's parameters for ts_sum. */
typedef struct {
    const ts_reduce_t *shape; /**< kept and reduced axes */
    int32_t sum_offset;       /**< -zero point * elements per sum */
    ts_output_t output;       /**< of a MEAN, the multiplier holds the division by the number of elements */
} ts_sum_t;

/** A sum or mean for each kept position.
 * @param params of this layer
 * @param input laid out as `params->shape` says
 * @param output one value for each kept position, contiguous */
void ts_sum(const ts_sum_t *params, const int8_t *input, int8_t *output);

#endif
