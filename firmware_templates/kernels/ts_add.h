/** @file
 * ADD: first + second, element by element with broadcasting. */
#ifndef TS_ADD_H
#define TS_ADD_H

#include "ts_scaled.h"

/** A layer's parameters for ts_add. */
typedef ts_scaled_t ts_add_t;

/** first + second, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_add(const ts_add_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
