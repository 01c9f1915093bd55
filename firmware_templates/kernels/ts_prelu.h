/** @file
 * PRELU: x for positive x, alpha * x for negative x, element by element with broadcasting. */
#ifndef TS_PRELU_H
#define TS_PRELU_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

/** A layer's parameters for ts_prelu. */
typedef struct {
    const ts_broadcast_t *shape; /**< how the operands broadcast */
    int32_t input_offset;        /**< minus the input's zero point */
    int32_t alpha_offset;        /**< minus the slopes' zero point */
    ts_output_t positive;        /**< of x */
    ts_output_t negative;        /**< of alpha * x */
} ts_prelu_t;

/** x where x is positive, else alpha * x.
 * @param params of this layer
 * @param input x, laid out as `params->shape` says
 * @param alpha slopes, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_prelu(const ts_prelu_t *params, const int8_t *input, const int8_t *alpha, int8_t *output);

#endif
