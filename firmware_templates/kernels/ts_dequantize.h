/** @file
 * DEQUANTIZE: scale * (value - zero point). */
#ifndef TS_DEQUANTIZE_H
#define TS_DEQUANTIZE_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t zero_point;
    float scale;
} ts_dequantize_t;

void ts_dequantize(const ts_dequantize_t *params, const int8_t *input, float *output);

#endif
