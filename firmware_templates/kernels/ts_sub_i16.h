/** @file
 * SUB: first - second, element by element, of int16 with broadcasting. */
#ifndef TS_SUB_I16_H
#define TS_SUB_I16_H

#include "ts_scaled.h"

typedef ts_scaled_t ts_sub_i16_t;

void ts_sub_i16(const ts_sub_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output);

#endif
