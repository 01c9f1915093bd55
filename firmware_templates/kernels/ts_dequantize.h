/** @file
 * DEQUANTIZE: scale * (value - zero point). */
#ifndef TS_DEQUANTIZE_H
#define TS_DEQUANTIZE_H

#include <stdint.h>

/** A layer's parameters for ts_dequantize. */
typedef struct {
    int32_t count;      /**< elements */
    int32_t zero_point; /**< of the input */
    float scale;        /**< of the input */
} ts_dequantize_t;

/** Real values.
 * @param params of this layer
 * @param input `count` values
 * @param output as many */
void ts_dequantize(const ts_dequantize_t *params, const int8_t *input, float *output);

#endif
