/** @file
 * FULLY_CONNECTED on int16: (rows, inputs) x (outputs, inputs) -> (rows, outputs). */
#ifndef TS_FULLY_CONNECTED_I16_H
#define TS_FULLY_CONNECTED_I16_H

#include "ts_channels_i16.h"

/** A layer's parameters for ts_fully_connected_i16. */
typedef struct {
    int32_t rows;               /**< of the input */
    ts_channels_i16_t channels; /**< weights and scales */
} ts_fully_connected_i16_t;

/** Multiplies rows by a matrix of weights.
 * @param params of this layer
 * @param input (rows, inputs)
 * @param output (rows, outputs) */
void ts_fully_connected_i16(const ts_fully_connected_i16_t *params, const int16_t *input, int16_t *output);

#endif
