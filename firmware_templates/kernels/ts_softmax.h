/** @file
 * SOFTMAX over rows. */
#ifndef TS_SOFTMAX_H
#define TS_SOFTMAX_H

#include "ts_exponentials.h"
#include "ts_softmax_needs.h"

/** A layer's parameters for ts_softmax. */
typedef ts_exponentials_t ts_softmax_t;

/** Posteriors of each row.
 * @param params of this layer
 * @param input (rows, columns), logits
 * @param output of the same shape; may be `input`
 * @param scratch 256 exponentials of 4 bytes; 0 before the first call */
TS_UNLESS(TS_SOFTMAX_OFTEN)
void ts_softmax(const ts_softmax_t *params, const int8_t *input, int8_t *output, void *scratch);

#endif
