/** @file
 * PRELU of int16 with slopes of int8: x for positive x, alpha * x for negative x, element by element, with
 * broadcasting. */
#ifndef TS_PRELU_I16_H
#define TS_PRELU_I16_H

#include "ts_prelu.h"

/** A layer's parameters for ts_prelu_i16. */
typedef ts_prelu_t ts_prelu_i16_t;

/** x where x is positive, else alpha * x.
 * @param params of this layer
 * @param input x, laid out as `params->shape` says
 * @param alpha slopes, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_prelu_i16(const ts_prelu_i16_t *params, const int16_t *input, const int8_t *alpha, int16_t *output);

#endif
