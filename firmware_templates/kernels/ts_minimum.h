/** @file
 * MINIMUM: the smaller value, element by element with broadcasting. */
#ifndef TS_MINIMUM_H
#define TS_MINIMUM_H

#include "ts_broadcast.h"

typedef struct {
    const ts_broadcast_t *shape;
} ts_minimum_t;

void ts_minimum(const ts_minimum_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
