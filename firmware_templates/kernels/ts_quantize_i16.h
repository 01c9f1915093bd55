/** @file
 * QUANTIZE from or to int16: another scale and zero point for the same values. */
#ifndef TS_QUANTIZE_I16_H
#define TS_QUANTIZE_I16_H

#include "ts_requantize.h"

typedef struct {
    int32_t count;
    int32_t input_bytes; /**< of an element, 1 or 2 */
    int32_t output_bytes;
    int32_t input_offset;
    ts_output_t output;
} ts_quantize_i16_t;

void ts_quantize_i16(const ts_quantize_i16_t *params, const void *input, void *output);

#endif
