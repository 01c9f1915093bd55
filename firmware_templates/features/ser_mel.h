/** @file
 * Samples of one frame to its compressed mel values: DC removal, pre-emphasis, window, FFT, triangles, logarithm
 * or PCEN, as far as the feature specification asks for them. */
#ifndef SER_MEL_H
#define SER_MEL_H

#include "ser_features_state.h"

#include <stdint.h>

void ser_mel_reset(ser_mel_t *mel);

/** SER_FEATURES_WINDOW_LENGTH samples to SER_FEATURES_MEL_BINS values; frames in the order of the stream. */
void ser_mel_frame(ser_mel_t *mel, const int16_t *samples, ser_value_t *values);

#endif
