/** @file
 * UNIDIRECTIONAL_SEQUENCE_LSTM on int16: rows of `inputs` values in, rows of `units` values out, one for each
 * step. */
#ifndef TS_UNIDIRECTIONAL_SEQUENCE_LSTM_I16_H
#define TS_UNIDIRECTIONAL_SEQUENCE_LSTM_I16_H

#include "ts_lstm.h"

/** What a row of values adds to the four gates. */
typedef struct {
    const int8_t *weights;               /**< (units, values / 4, gates, 4), in the order of ts_linear_i16.h */
    ts_scaling_t scaling[TS_LSTM_GATES]; /**< see ts_scale_wide */
} ts_gates_i16_t;

/** A layer's parameters for ts_unidirectional_sequence_lstm_i16. */
typedef struct {
    ts_sequence_t sequence;   /**< its extents */
    ts_gates_i16_t input;     /**< of the inputs */
    ts_gates_i16_t recurrent; /**< of the step before */
    const int64_t *bias;      /**< (units, gates), of the inputs */
    ts_cell_t cell;           /**< what becomes of the gates */
} ts_unidirectional_sequence_lstm_i16_t;

/** All steps of a sequence.
 * @param params of this layer
 * @param input (batches, steps, inputs), or as batch_step and time_step say
 * @param hidden (batches, units), kept from one call to the next
 * @param cell (batches, units), likewise
 * @param output (batches, steps, units), or likewise */
void ts_unidirectional_sequence_lstm_i16(const ts_unidirectional_sequence_lstm_i16_t *params, const int16_t *input,
                                         int16_t *hidden, int16_t *cell, int16_t *output);

#endif
