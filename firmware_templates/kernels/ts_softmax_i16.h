/** @file
 * SOFTMAX over rows of int16. */
#ifndef TS_SOFTMAX_I16_H
#define TS_SOFTMAX_I16_H

#include "ts_requantize.h"

/** A layer's parameters for ts_softmax_i16. */
typedef struct {
    int32_t rows;              /**< of the input */
    int32_t columns;           /**< values per row */
    int32_t multiplier;        /**< of differences, to steps of 10 / 65535 */
    int32_t shift;             /**< goes with the multiplier */
    const int16_t *exp;        /**< (513,), exp(x) for x from -10 to 0 in Q0.15 */
    const int16_t *reciprocal; /**< (513,), 1 / (1 + x) for x from 0 to 1 in Q0.15 */
} ts_softmax_i16_t;

/** Posteriors of each row.
 * @param params of this layer
 * @param input (rows, columns), logits
 * @param output of the same shape */
void ts_softmax_i16(const ts_softmax_i16_t *params, const int16_t *input, int16_t *output);

#endif
