/** @file
 * MINIMUM of int16: the smaller value, element by element, with broadcasting. */
#ifndef TS_MINIMUM_I16_H
#define TS_MINIMUM_I16_H

#include "ts_minimum.h"

typedef ts_minimum_t ts_minimum_i16_t;

void ts_minimum_i16(const ts_minimum_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output);

#endif
