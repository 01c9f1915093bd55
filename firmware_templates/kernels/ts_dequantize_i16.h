/** @file
 * DEQUANTIZE from int16 to float. */
#ifndef TS_DEQUANTIZE_I16_H
#define TS_DEQUANTIZE_I16_H

#include "ts_dequantize.h"

/** A layer's parameters for ts_dequantize_i16. */
typedef ts_dequantize_t ts_dequantize_i16_t;

/** Real values.
 * @param params of this layer
 * @param input `count` values
 * @param output as many */
void ts_dequantize_i16(const ts_dequantize_i16_t *params, const int16_t *input, float *output);

#endif
