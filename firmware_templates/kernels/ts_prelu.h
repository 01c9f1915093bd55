/** @file
 * PRELU: x for positive x, alpha * x for negative x, element by element with broadcasting. */
#ifndef TS_PRELU_H
#define TS_PRELU_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

typedef struct {
    const ts_broadcast_t *shape;
    int32_t input_offset;
    int32_t alpha_offset;
    ts_output_t positive; /**< of x */
    ts_output_t negative; /**< of alpha * x */
} ts_prelu_t;

void ts_prelu(const ts_prelu_t *params, const int8_t *input, const int8_t *alpha, int8_t *output);

#endif
