/** @file
 * MINIMUM: the smaller value, element by element with broadcasting. */
#ifndef TS_MINIMUM_H
#define TS_MINIMUM_H

#include "ts_broadcast.h"

/** A layer's parameters for ts_minimum. */
typedef struct {
    const ts_broadcast_t *shape; /**< how the operands broadcast */
} ts_minimum_t;

/** The smaller of first and second, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_minimum(const ts_minimum_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
