#include "ts_unidirectional_sequence_lstm.h"

#include "ts_dot.h"

#include <string.h>

/* What a row of `count` values adds to the gates of a unit, in Q3.12. */
static void gates_of_row(const ts_gates_t *gates, int32_t unit, const int8_t *row, int32_t count,
                         int32_t sums[TS_LSTM_GATES]) {
    memcpy(sums, gates->bias + unit * TS_LSTM_GATES, (size_t)TS_LSTM_GATES * sizeof sums[0]);
    ts_plain_dot_1x4(row, gates->weights + unit * TS_LSTM_GATES * count, count, count, sums);
    for (int32_t gate = 0; gate < TS_LSTM_GATES; ++gate) {
        sums[gate] = ts_scaled16(&gates->scaling[gate], sums[gate]);
    }
}

static int8_t run_unit(const ts_unidirectional_sequence_lstm_t *p, int32_t unit, const int8_t *input,
                       const int8_t *hidden, int16_t *cell) {
    int32_t gates[TS_LSTM_GATES];
    int32_t recurrent[TS_LSTM_GATES];
    gates_of_row(&p->input, unit, input, p->sequence.inputs, gates);
    gates_of_row(&p->recurrent, unit, hidden, p->sequence.units, recurrent);
    for (int32_t gate = 0; gate < TS_LSTM_GATES; ++gate) {
        gates[gate] = ts_saturate16(gates[gate] + recurrent[gate]);
    }
    return ts_to_output(&p->cell.output, ts_update_cell(&p->cell, gates, cell));
}

/* A step's hidden state is the row of outputs it has written; `hidden` is the one before the first step. */
void ts_unidirectional_sequence_lstm(const ts_unidirectional_sequence_lstm_t *params, const int8_t *input,
                                     int8_t *hidden, int16_t *cell, int8_t *output) {
    const ts_sequence_t *p = &params->sequence;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *previous = hidden;
        for (int32_t step = 0; step < p->steps; ++step) {
            const int32_t row = batch * p->batch_step + step * p->time_step;
            int8_t *const next = output + row * p->units;
            for (int32_t unit = 0; unit < p->units; ++unit) {
                next[unit] = run_unit(params, unit, input + row * p->inputs, previous, cell + unit);
            }
            previous = next;
        }
        memcpy(hidden, previous, (size_t)p->units);
        hidden += p->units;
        cell += p->units;
    }
}
