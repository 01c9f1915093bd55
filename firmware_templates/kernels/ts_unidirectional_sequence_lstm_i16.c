#include "ts_unidirectional_sequence_lstm_i16.h"

#include "ts_linear_i16.h"

#include <string.h>

/* What a row of `count` values adds to the gates of a unit, in Q3.12, saturated; `sums` starts with the biases. */
static void add_row(const ts_gates_i16_t *p, int32_t unit, const int16_t *row, int32_t count,
                    int64_t sums[TS_LSTM_GATES], int32_t gates[TS_LSTM_GATES]) {
    const int32_t blocks = (count + 3) >> 2;
    ts_dot_i16(row, p->weights + unit * blocks * 16, count, sums);
    for (int32_t gate = 0; gate < TS_LSTM_GATES; ++gate) {
        const int32_t scaled = ts_scale_wide(sums[gate], p->scaling[gate].multiplier, p->scaling[gate].shift);
        gates[gate] = ts_saturate16(gates[gate] + ts_saturate16(scaled));
    }
}

static int16_t run_unit(const ts_unidirectional_sequence_lstm_i16_t *p, int32_t unit, const int16_t *input,
                        const int16_t *hidden, int16_t *cell) {
    int32_t gates[TS_LSTM_GATES] = {0};
    int64_t of_input[TS_LSTM_GATES];
    int64_t of_hidden[TS_LSTM_GATES] = {0};
    memcpy(of_input, p->bias + unit * TS_LSTM_GATES, sizeof of_input);
    add_row(&p->input, unit, input, p->sequence.inputs, of_input, gates);
    add_row(&p->recurrent, unit, hidden, p->sequence.units, of_hidden, gates);
    return ts_to_output_i16(&p->cell.output, ts_update_cell(&p->cell, gates, cell));
}

/* A step's hidden state is the row of outputs it has written; `hidden` is the one before the first step. */
void ts_unidirectional_sequence_lstm_i16(const ts_unidirectional_sequence_lstm_i16_t *params, const int16_t *input,
                                         int16_t *hidden, int16_t *cell, int16_t *output) {
    const ts_sequence_t *p = &params->sequence;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        const int16_t *previous = hidden;
        for (int32_t step = 0; step < p->steps; ++step) {
            const int32_t row = batch * p->batch_step + step * p->time_step;
            int16_t *const next = output + row * p->units;
            for (int32_t unit = 0; unit < p->units; ++unit) {
                next[unit] = run_unit(params, unit, input + row * p->inputs, previous, cell + unit);
            }
            previous = next;
        }
        memcpy(hidden, previous, (size_t)p->units * sizeof *hidden);
        hidden += p->units;
        cell += p->units;
    }
}
