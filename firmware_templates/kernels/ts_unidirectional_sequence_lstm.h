/** @file
 * UNIDIRECTIONAL_SEQUENCE_LSTM: rows of `inputs` values in, rows of `units` values out, one for each time step.
 */
#ifndef TS_UNIDIRECTIONAL_SEQUENCE_LSTM_H
#define TS_UNIDIRECTIONAL_SEQUENCE_LSTM_H

#include "ts_lstm.h"

/** What a row of values adds to the four gates. */
typedef struct {
    const int8_t *weights;               /**< (units, gates, values) */
    const int32_t *bias;                 /**< (units, gates), with the values' zero point folded in */
    ts_scaling_t scaling[TS_LSTM_GATES]; /**< of each gate, to Q3.12 */
} ts_gates_t;

/** A layer's parameters for ts_unidirectional_sequence_lstm. */
typedef struct {
    ts_sequence_t sequence; /**< its extents */
    ts_gates_t input;       /**< of the inputs */
    ts_gates_t recurrent;   /**< of the step before */
    ts_cell_t cell;         /**< what becomes of the gates */
} ts_unidirectional_sequence_lstm_t;

/** All steps of a sequence.
 * @param params of this layer
 * @param input (batches, steps, inputs), or as batch_step and time_step say
 * @param hidden (batches, units), kept from one call to the next
 * @param cell (batches, units), likewise
 * @param output (batches, steps, units), or likewise */
void ts_unidirectional_sequence_lstm(const ts_unidirectional_sequence_lstm_t *params, const int8_t *input,
                                     int8_t *hidden, int16_t *cell, int8_t *output);

#endif
