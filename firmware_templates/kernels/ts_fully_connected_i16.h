/** @file
 * FULLY_CONNECTED on int16: (rows, inputs) x (outputs, inputs) -> (rows, outputs). */
#ifndef TS_FULLY_CONNECTED_I16_H
#define TS_FULLY_CONNECTED_I16_H

#include "ts_channels_i16.h"

typedef struct {
    int32_t rows;
    ts_channels_i16_t channels;
} ts_fully_connected_i16_t;

void ts_fully_connected_i16(const ts_fully_connected_i16_t *params, const int16_t *input, int16_t *output);

#endif
