/** @file
 * QUANTIZE from or to int16: another scale and zero point for the same values. */
#ifndef TS_QUANTIZE_I16_H
#define TS_QUANTIZE_I16_H

#include "ts_requantize.h"

/** A layer's parameters for ts_quantize_i16. */
typedef struct {
    int32_t count;        /**< elements */
    int32_t input_bytes;  /**< of an element, 1 or 2 */
    int32_t output_bytes; /**< likewise */
    int32_t input_offset; /**< minus the input's zero point */
    ts_output_t output;   /**< scale and range of the output */
} ts_quantize_i16_t;

/** The same values at another scale.
 * @param params of this layer
 * @param input `count` elements of input_bytes
 * @param output as many of output_bytes */
void ts_quantize_i16(const ts_quantize_i16_t *params, const void *input, void *output);

#endif
