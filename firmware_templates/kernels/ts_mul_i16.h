/** @file
 * MUL of int16: first * second, element by element, with broadcasting. */
#ifndef TS_MUL_I16_H
#define TS_MUL_I16_H

#include "ts_mul.h"

typedef ts_mul_t ts_mul_i16_t;

void ts_mul_i16(const ts_mul_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output);

#endif
