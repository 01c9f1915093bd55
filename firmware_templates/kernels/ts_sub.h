/** @file
 * SUB: first - second, element by element with broadcasting. */
#ifndef TS_SUB_H
#define TS_SUB_H

#include "ts_scaled.h"

/** A layer's parameters for ts_sub. */
typedef ts_scaled_t ts_sub_t;

/** first - second, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_sub(const ts_sub_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
