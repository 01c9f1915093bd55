/** @file
 * Compressed mel values of one frame to its row of the model's input: DCT, deltas, normalisation, quantization,
 * as far as the feature specification asks for them. */
#ifndef SER_ROWS_H
#define SER_ROWS_H

#include "ser_features_state.h"

#include <stddef.h>
#include <stdint.h>

void ser_rows_reset(ser_rows_t *rows);

/** SER_FEATURES_MEL_BINS values, which may be changed, to a row of SER_FEATURES_COUNT; frames in the order of the
 * stream. */
void ser_rows_frame(ser_rows_t *rows, ser_value_t *values, ser_row_value_t *row);
#if SER_FEATURES_PER_UTTERANCE

/** Normalises `count` rows by their own mean and standard deviation and quantizes them. `ring` holds
 * SER_FEATURES_CONTEXT_FRAMES rows; the oldest of the `count` is row `oldest`. */
void ser_rows_normalise(const ser_row_value_t *ring, size_t oldest, size_t count, int8_t *quantized);
#endif

#endif
