/** @file
 * RSQRT of int16: 1 / sqrt(x). */
#ifndef TS_RSQRT_I16_H
#define TS_RSQRT_I16_H

#include <stdint.h>

/** A layer's parameters for ts_rsqrt_i16. */
typedef struct {
    int32_t count;      /**< elements */
    int32_t multiplier; /**< of 2^20 / sqrt(x) */
    int32_t shift;      /**< goes with the multiplier */
} ts_rsqrt_i16_t;

/** 1 / sqrt(x).
 * @param params of this layer
 * @param input `count` values; of one that is not positive the result is the largest
 * @param output as many */
void ts_rsqrt_i16(const ts_rsqrt_i16_t *params, const int16_t *input, int16_t *output);

#endif
