/** @file
 * ADD and SUB as one linear form of both values, where that gives the same byte for every pair of them: whoever
 * generates the parameters has tried all. */
#ifndef TS_LINEAR_SUM_H
#define TS_LINEAR_SUM_H

#include "ts_broadcast.h"

#define TS_LINEAR_SUM_BITS 21 /**< below one step of the output */

/** A layer's parameters for ts_linear_sum. */
typedef struct {
    const ts_broadcast_t *shape; /**< how the operands broadcast; neither repeats along the innermost loop */
    int32_t first_factor;        /**< of each value of the first operand; 8 bits of the product are dropped */
    int32_t second_factor;       /**< the same of the second one */
    int32_t offset;              /**< added to both */
} ts_linear_sum_t;

/** The sum of both products and the offset, to the nearest int8, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_linear_sum(const ts_linear_sum_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
