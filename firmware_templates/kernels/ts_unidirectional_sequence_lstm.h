/** @file
 * UNIDIRECTIONAL_SEQUENCE_LSTM: rows of `inputs` values in, rows of `units` values out, one for each time step.
 */
#ifndef TS_UNIDIRECTIONAL_SEQUENCE_LSTM_H
#define TS_UNIDIRECTIONAL_SEQUENCE_LSTM_H

#include "ts_lstm.h"

/** What a row of values adds to the four gates. */
typedef struct {
    const int8_t *weights; /**< (units, gates, values) */
    const int32_t *bias;   /**< (units, gates), with the values' zero point folded in */
    ts_scaling_t scaling[TS_LSTM_GATES];
} ts_gates_t;

typedef struct {
    ts_sequence_t sequence;
    ts_gates_t input;
    ts_gates_t recurrent;
    ts_cell_t cell;
} ts_unidirectional_sequence_lstm_t;

/** `hidden` and `cell`: (batches, units), kept from one call to the next. */
void ts_unidirectional_sequence_lstm(const ts_unidirectional_sequence_lstm_t *params, const int8_t *input,
                                     int8_t *hidden, int16_t *cell, int8_t *output);

#endif
