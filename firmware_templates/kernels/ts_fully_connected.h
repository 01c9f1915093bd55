/** @file
 * FULLY_CONNECTED: (rows, inputs) x (outputs, inputs) -> (rows, outputs). */
#ifndef TS_FULLY_CONNECTED_H
#define TS_FULLY_CONNECTED_H

#include "ts_channels.h"

typedef struct {
    int32_t rows;
    ts_channels_t channels;
} ts_fully_connected_t;

/** `scratch` holds 16 bytes per four inputs, where there are two rows or more. */
void ts_fully_connected(const ts_fully_connected_t *params, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
