/** @file
 * MAXIMUM of int16: the larger value, element by element, with broadcasting. */
#ifndef TS_MAXIMUM_I16_H
#define TS_MAXIMUM_I16_H

#include "ts_maximum.h"

typedef ts_maximum_t ts_maximum_i16_t;

void ts_maximum_i16(const ts_maximum_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output);

#endif
