/** @file
 * Compressed mel values of one frame to its row of the model's input: DCT, deltas, normalisation, quantization,
 * as far as the feature specification asks for them. */
#ifndef SER_ROWS_H
#define SER_ROWS_H

#include "ser_features_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Before the first clip.
 * @param rows made new */
void ser_rows_reset(ser_rows_t *rows);

/** Before a clip that follows another one: running statistics stay, and learn again.
 * @param rows else made new */
void ser_rows_next_clip(ser_rows_t *rows);

/** Whether running statistics stay as they are; not after a reset, nor from one clip to the next.
 * @param rows brought up to date
 * @param held true while there is nothing to learn from */
void ser_rows_hold(ser_rows_t *rows, bool held);

/** One frame; frames in the order of the stream.
 * @param rows brought up to date
 * @param values (SER_FEATURES_MEL_BINS,), may be changed
 * @param row (SER_FEATURES_COUNT,) */
void ser_rows_frame(ser_rows_t *rows, ser_value_t *values, ser_row_value_t *row);
#if SER_FEATURES_PER_UTTERANCE

/** Normalises rows by their own mean and standard deviation and quantizes them.
 * @param ring (SER_FEATURES_CONTEXT_FRAMES, SER_FEATURES_COUNT)
 * @param oldest row of the ring that comes first
 * @param count of rows, round the ring's end
 * @param quantized (count, SER_FEATURES_COUNT) */
void ser_rows_normalise(const ser_row_value_t *ring, size_t oldest, size_t count, int8_t *quantized);
#endif

#endif
