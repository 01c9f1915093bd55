/** @file
 * Any function of one int8 value (LOGISTIC, TANH, RSQRT, RELU, QUANTIZE, ...): a look-up. */
#ifndef TS_TABLE_H
#define TS_TABLE_H

#include <stdint.h>

/** A layer's parameters for ts_table. */
typedef struct {
    int32_t count;       /**< elements */
    int32_t first;       /**< values below give the same as this one */
    const int8_t *table; /**< (128 - first,), indexed by value - first */
} ts_table_t;

/** Looks up every value.
 * @param params of this layer
 * @param input `count` values
 * @param output as many; may be `input` */
void ts_table(const ts_table_t *params, const int8_t *input, int8_t *output);

#endif
