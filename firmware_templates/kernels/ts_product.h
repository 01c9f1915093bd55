/** @file
 * MUL where every product can be scaled to an output without a case apart. */
#ifndef TS_PRODUCT_H
#define TS_PRODUCT_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

typedef struct {
    const ts_broadcast_t *shape;
    int16_t first_offset;
    int16_t second_offset;
    ts_full_output_t output;
} ts_product_t;

void ts_product(const ts_product_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
