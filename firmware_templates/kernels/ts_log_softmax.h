/** @file
 * LOG_SOFTMAX over rows. */
#ifndef TS_LOG_SOFTMAX_H
#define TS_LOG_SOFTMAX_H

#include "ts_exponentials.h"

/** A layer's parameters for ts_log_softmax. */
typedef struct {
    ts_exponentials_t exponentials; /**< rows and their table */
    int32_t multiplier;             /**< differences to Q5 */
    int32_t shift;                  /**< goes with the multiplier */
} ts_log_softmax_t;

/** Logarithms of each row's softmax.
 * @param params of this layer
 * @param input (rows, columns)
 * @param output of the same shape
 * @param scratch 256 exponentials of 4 bytes; 0 before the first call */
void ts_log_softmax(const ts_log_softmax_t *params, const int8_t *input, int8_t *output, void *scratch);

#endif
