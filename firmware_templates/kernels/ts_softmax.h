/** @file
 * SOFTMAX over rows. */
#ifndef TS_SOFTMAX_H
#define TS_SOFTMAX_H

#include "ts_exponentials.h"
#include "ts_softmax_needs.h"

/** A layer's parameters for ts_softmax. */
typedef ts_exponentials_t ts_softmax_t;

/* `scratch` holds 256 exponentials, of 4 bytes: 0 before the first call. */
TS_UNLESS(TS_SOFTMAX_OFTEN)
void ts_softmax(const ts_softmax_t *params, const int8_t *input, int8_t *output, void *scratch);

#endif
