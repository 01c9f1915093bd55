/** @file
 * MINIMUM of int16: the smaller value, element by element, with broadcasting. */
#ifndef TS_MINIMUM_I16_H
#define TS_MINIMUM_I16_H

#include "ts_minimum.h"

/** A layer's parameters for ts_minimum_i16. */
typedef ts_minimum_t ts_minimum_i16_t;

/** The smaller of first and second, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_minimum_i16(const ts_minimum_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output);

#endif
