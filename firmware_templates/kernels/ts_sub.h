/** @file
 * SUB: first - second, element by element with broadcasting. */
#ifndef TS_SUB_H
#define TS_SUB_H

#include "ts_scaled.h"

typedef ts_scaled_t ts_sub_t;

void ts_sub(const ts_sub_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
