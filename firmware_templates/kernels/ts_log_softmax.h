/** @file
 * LOG_SOFTMAX over rows. */
#ifndef TS_LOG_SOFTMAX_H
#define TS_LOG_SOFTMAX_H

#include "ts_exponentials.h"

typedef struct {
    ts_exponentials_t exponentials;
    int32_t multiplier; /**< differences to Q5 */
    int32_t shift;
} ts_log_softmax_t;

void ts_log_softmax(const ts_log_softmax_t *params, const int8_t *input, int8_t *output);

#endif
