/* FULLY_CONNECTED: (rows, inputs) x (outputs, inputs) -> (rows, outputs). */
#ifndef TS_FULLY_CONNECTED_H
#define TS_FULLY_CONNECTED_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t inputs;
    int32_t outputs;
    int32_t weight_offset; /* not 0 only for asymmetric weights */
    int32_t input_offset;
    int32_t output_offset;
    int32_t output_min;
    int32_t output_max;
    const int8_t *weights; /* (outputs, inputs) */
    const int32_t *bias;   /* (outputs,), with the input's zero point folded in */
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t multiplier_step; /* 1: one multiplier per output, 0: one for all */
} ts_fully_connected_t;

void ts_fully_connected(const ts_fully_connected_t *params, const int8_t *input, int8_t *output);

#endif
