/* UNIDIRECTIONAL_SEQUENCE_LSTM: rows of `inputs` values in, rows of `units` values out, one for each time step. */
#ifndef TS_UNIDIRECTIONAL_SEQUENCE_LSTM_H
#define TS_UNIDIRECTIONAL_SEQUENCE_LSTM_H

#include "ts_requantize.h"

#define TS_LSTM_GATES 4 /* input, forget, cell, output */

typedef struct {
    int32_t multiplier;
    int32_t shift;
} ts_scaling_t;

/* What a row of values adds to the four gates. */
typedef struct {
    const int8_t *weights; /* (units, gates, values) */
    const int32_t *bias;   /* (units, gates), with the values' zero point folded in */
    ts_scaling_t scaling[TS_LSTM_GATES];
} ts_gates_t;

typedef struct {
    int32_t batches;
    int32_t steps;
    int32_t inputs;
    int32_t units;
    int32_t batch_step; /* rows from a batch's to the next one's */
    int32_t time_step;
    ts_gates_t input;
    ts_gates_t recurrent;
    ts_scaling_t keep; /* forget gate times cell state, to the scale of the cell state */
    ts_scaling_t add;  /* input gate times cell gate, likewise */
    int32_t cell_min;
    int32_t cell_max;
    int32_t tanh_multiplier; /* of the cell state, see ts_tanh */
    int32_t tanh_shift;
    const uint16_t *sigmoid; /* see ts_sigmoid.h */
    ts_output_t output;      /* output gate times tanh of the cell state, to the hidden state */
} ts_unidirectional_sequence_lstm_t;

/* `hidden` and `cell`: (batches, units), kept from one call to the next. */
void ts_unidirectional_sequence_lstm(const ts_unidirectional_sequence_lstm_t *params, const int8_t *input,
                                     int8_t *hidden, int16_t *cell, int8_t *output);

#endif
