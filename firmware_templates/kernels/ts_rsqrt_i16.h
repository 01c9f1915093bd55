/** @file
 * RSQRT of int16: 1 / sqrt(x). */
#ifndef TS_RSQRT_I16_H
#define TS_RSQRT_I16_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t multiplier; /**< of 2^20 / sqrt(x) */
    int32_t shift;
} ts_rsqrt_i16_t;

void ts_rsqrt_i16(const ts_rsqrt_i16_t *params, const int16_t *input, int16_t *output);

#endif
