/** @file
 * REDUCE_MAX over any axes. */
#ifndef TS_REDUCE_MAX_H
#define TS_REDUCE_MAX_H

#include "ts_reduce.h"

typedef struct {
    const ts_reduce_t *shape;
} ts_reduce_max_t;

void ts_reduce_max(const ts_reduce_max_t *params, const int8_t *input, int8_t *output);

#endif
