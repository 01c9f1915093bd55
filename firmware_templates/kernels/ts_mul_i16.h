/** @file
 * MUL of int16: first * second, element by element, with broadcasting. */
#ifndef TS_MUL_I16_H
#define TS_MUL_I16_H

#include "ts_mul.h"

/** A layer's parameters for ts_mul_i16. */
typedef ts_mul_t ts_mul_i16_t;

/** first * second, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_mul_i16(const ts_mul_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output);

#endif
