/** @file
 * MUL: first * second, element by element with broadcasting. */
#ifndef TS_MUL_H
#define TS_MUL_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

typedef struct {
    const ts_broadcast_t *shape;
    int32_t first_offset;
    int32_t second_offset;
    ts_output_t output;
} ts_mul_t;

void ts_mul(const ts_mul_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
