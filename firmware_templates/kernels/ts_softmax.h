/** @file
 * SOFTMAX over rows. */
#ifndef TS_SOFTMAX_H
#define TS_SOFTMAX_H

#include "ts_exponentials.h"

typedef ts_exponentials_t ts_softmax_t;

void ts_softmax(const ts_softmax_t *params, const int8_t *input, int8_t *output);

#endif
