/** @file
 * MAXIMUM of int16: the larger value, element by element, with broadcasting. */
#ifndef TS_MAXIMUM_I16_H
#define TS_MAXIMUM_I16_H

#include "ts_maximum.h"

/** A layer's parameters for ts_maximum_i16. */
typedef ts_maximum_t ts_maximum_i16_t;

/** The larger of first and second, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_maximum_i16(const ts_maximum_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output);

#endif
