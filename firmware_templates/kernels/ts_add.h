/** @file
 * ADD: first + second, element by element with broadcasting. */
#ifndef TS_ADD_H
#define TS_ADD_H

#include "ts_scaled.h"

typedef ts_scaled_t ts_add_t;

void ts_add(const ts_add_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
