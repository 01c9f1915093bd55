/** @file
 * Samples of one frame to its compressed mel values: DC removal, pre-emphasis, window, FFT, triangles, logarithm
 * or PCEN, as far as the feature specification asks for them. */
#ifndef SER_MEL_H
#define SER_MEL_H

#include "ser_features_state.h"

#include <stdint.h>

/** Before each clip.
 * @param mel made new */
void ser_mel_reset(ser_mel_t *mel);

/** One frame; frames in the order of the stream.
 * @param mel brought up to date
 * @param samples (SER_FEATURES_WINDOW_LENGTH,)
 * @param values (SER_FEATURES_MEL_BINS,) */
void ser_mel_frame(ser_mel_t *mel, const int16_t *samples, ser_value_t *values);

#endif
