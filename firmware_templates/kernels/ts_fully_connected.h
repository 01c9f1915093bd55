/** @file
 * FULLY_CONNECTED: (rows, inputs) x (outputs, inputs) -> (rows, outputs). */
#ifndef TS_FULLY_CONNECTED_H
#define TS_FULLY_CONNECTED_H

#include "ts_channels.h"

/** A layer's parameters for ts_fully_connected. */
typedef struct {
    int32_t rows;           /**< of the input */
    ts_channels_t channels; /**< weights and scales */
} ts_fully_connected_t;

/** Multiplies rows by a matrix of weights.
 * @param params of this layer
 * @param input (rows, inputs)
 * @param output (rows, outputs)
 * @param scratch 16 bytes per four inputs where there are two rows or more, else unused */
void ts_fully_connected(const ts_fully_connected_t *params, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
