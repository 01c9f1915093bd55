/* SOFTMAX over rows; the exponential of every int8 difference is in a table. */
#ifndef TS_SOFTMAX_H
#define TS_SOFTMAX_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t columns;
    int32_t exp_count;  /* differences from the row's maximum that count; larger ones give 0 */
    const int32_t *exp; /* (exp_count,), exp(-scale * difference) in Q0.31 */
} ts_softmax_t;

void ts_softmax(const ts_softmax_t *params, const int8_t *input, int8_t *output);

#endif
