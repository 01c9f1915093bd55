/** @file
 * What the LSTM kernels share: the steps of a sequence, and what becomes of the four gates of a unit. */
#ifndef TS_LSTM_H
#define TS_LSTM_H

#include "ts_requantize.h"
#include "ts_sigmoid.h"

#define TS_LSTM_GATES 4   /**< input, forget, cell, output */
#define TS_TANH_OF_GATE 3 /**< multiplier of ts_tanh for Q3.12 */

/** Extents and layout of sequences. */
typedef struct {
    int32_t batches;    /**< sequences side by side */
    int32_t steps;      /**< of each sequence */
    int32_t inputs;     /**< values of a step */
    int32_t units;      /**< values that a step gives */
    int32_t batch_step; /**< rows from a batch's to the next one's */
    int32_t time_step;  /**< rows from a step to the next one */
} ts_sequence_t;

/** A factor, multiplier * 2^(shift - 31). */
typedef struct {
    int32_t multiplier; /**< Q0.31 */
    int32_t shift;      /**< to the left, or to the right where it is negative */
} ts_scaling_t;

/** What becomes of the gates of a unit. */
typedef struct {
    ts_scaling_t keep;       /**< forget gate times cell state, to the scale of the cell state */
    ts_scaling_t add;        /**< input gate times cell gate, likewise */
    int32_t cell_min;        /**< least cell state */
    int32_t cell_max;        /**< largest cell state */
    int32_t tanh_multiplier; /**< of the cell state, see ts_tanh */
    int32_t tanh_shift;      /**< likewise */
    const uint16_t *sigmoid; /**< see ts_sigmoid.h */
    ts_output_t output;      /**< output gate times tanh of the cell state, to the hidden state */
} ts_cell_t;

static inline int32_t ts_saturate16(int32_t value) {
    return value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value;
}

static inline int32_t ts_scaled16(const ts_scaling_t *scaling, int32_t value) {
    return ts_saturate16(ts_requantize(value, scaling->multiplier, scaling->shift));
}

/** Updates the cell state of a unit; output gate times tanh of it, Q0.30, from the gates in Q3.12. */
static inline int32_t ts_update_cell(const ts_cell_t *p, const int32_t gates[TS_LSTM_GATES], int16_t *cell) {
    const int32_t forget = ts_sigmoid(p->sigmoid, gates[1]);
    const int32_t added = ts_sigmoid(p->sigmoid, gates[0]) * ts_tanh(p->sigmoid, gates[2], TS_TANH_OF_GATE, 0);
    const int32_t updated = ts_saturate16(ts_scaled16(&p->keep, forget * *cell) + ts_scaled16(&p->add, added));
    *cell = (int16_t)(updated < p->cell_min ? p->cell_min : updated > p->cell_max ? p->cell_max : updated);
    const int32_t activated = ts_tanh(p->sigmoid, *cell, p->tanh_multiplier, p->tanh_shift);
    return activated * ts_sigmoid(p->sigmoid, gates[3]);
}

#endif
