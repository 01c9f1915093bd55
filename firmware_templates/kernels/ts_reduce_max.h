/** @file
 * REDUCE_MAX over any axes. */
#ifndef TS_REDUCE_MAX_H
#define TS_REDUCE_MAX_H

#include "ts_reduce.h"

/** A layer's parameters for ts_reduce_max. */
typedef struct {
    const ts_reduce_t *shape; /**< kept and reduced axes */
} ts_reduce_max_t;

/** The largest value for each kept position.
 * @param params of this layer
 * @param input laid out as `params->shape` says
 * @param output one value for each kept position, contiguous */
void ts_reduce_max(const ts_reduce_max_t *params, const int8_t *input, int8_t *output);

#endif
