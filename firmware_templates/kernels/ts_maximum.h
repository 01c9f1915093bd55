/** @file
 * MAXIMUM: the larger value, element by element with broadcasting. */
#ifndef TS_MAXIMUM_H
#define TS_MAXIMUM_H

#include "ts_broadcast.h"

typedef struct {
    const ts_broadcast_t *shape;
} ts_maximum_t;

void ts_maximum(const ts_maximum_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
