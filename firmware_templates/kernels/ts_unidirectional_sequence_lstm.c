#include "ts_unidirectional_sequence_lstm.h"

#include "ts_dot.h"
#include "ts_sigmoid.h"

#include <string.h>

#define TANH_OF_GATE 3 /* multiplier of ts_tanh for Q3.12 */

static int32_t saturate(int32_t value) {
    return value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value;
}

static int32_t scaled(const ts_scaling_t *scaling, int32_t value) {
    return saturate(ts_requantize(value, scaling->multiplier, scaling->shift));
}

/* What a row of `count` values adds to the gates of a unit, in Q3.12. */
static void gates_of_row(const ts_gates_t *gates, int32_t unit, const int8_t *row, int32_t count,
                         int32_t sums[TS_LSTM_GATES]) {
    memcpy(sums, gates->bias + unit * TS_LSTM_GATES, TS_LSTM_GATES * sizeof sums[0]);
    ts_plain_dot_1x4(row, gates->weights + unit * TS_LSTM_GATES * count, count, count, sums);
    for (int32_t gate = 0; gate < TS_LSTM_GATES; ++gate) {
        sums[gate] = scaled(&gates->scaling[gate], sums[gate]);
    }
}

static int8_t run_unit(const ts_unidirectional_sequence_lstm_t *p, int32_t unit, const int8_t *input,
                       const int8_t *hidden, int16_t *cell) {
    int32_t gates[TS_LSTM_GATES];
    int32_t recurrent[TS_LSTM_GATES];
    gates_of_row(&p->input, unit, input, p->inputs, gates);
    gates_of_row(&p->recurrent, unit, hidden, p->units, recurrent);
    for (int32_t gate = 0; gate < TS_LSTM_GATES; ++gate) {
        gates[gate] = saturate(gates[gate] + recurrent[gate]);
    }
    const int32_t forget = ts_sigmoid(p->sigmoid, gates[1]);
    const int32_t added = ts_sigmoid(p->sigmoid, gates[0]) * ts_tanh(p->sigmoid, gates[2], TANH_OF_GATE, 0);
    const int32_t updated = saturate(scaled(&p->keep, forget * cell[unit]) + scaled(&p->add, added));
    cell[unit] = (int16_t)(updated < p->cell_min ? p->cell_min : updated > p->cell_max ? p->cell_max : updated);
    const int32_t activated = ts_tanh(p->sigmoid, cell[unit], p->tanh_multiplier, p->tanh_shift);
    return ts_to_output(&p->output, activated * ts_sigmoid(p->sigmoid, gates[3]));
}

/* A step's hidden state is the row of outputs it has written; `hidden` is the one before the first step. */
void ts_unidirectional_sequence_lstm(const ts_unidirectional_sequence_lstm_t *params, const int8_t *input,
                                     int8_t *hidden, int16_t *cell, int8_t *output) {
    const ts_unidirectional_sequence_lstm_t *p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int8_t *previous = hidden;
        for (int32_t step = 0; step < p->steps; ++step) {
            const int32_t row = batch * p->batch_step + step * p->time_step;
            int8_t *const next = output + row * p->units;
            for (int32_t unit = 0; unit < p->units; ++unit) {
                next[unit] = run_unit(p, unit, input + row * p->inputs, previous, cell);
            }
            previous = next;
        }
        memcpy(hidden, previous, (size_t)p->units);
        hidden += p->units;
        cell += p->units;
    }
}
