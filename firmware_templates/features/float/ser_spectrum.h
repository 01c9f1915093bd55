/** @file
 * The power spectrum of one frame. */
#ifndef SER_SPECTRUM_H
#define SER_SPECTRUM_H

#include "ser_features_state.h"

/** The power of FFT bin k goes to mel->work[2 k], for 0 < k < FFT_SIZE / 2: no triangle reaches the first and the last
 * bin.
 * @param mel its work is overwritten
 * @param samples (SER_FEATURES_WINDOW_LENGTH,) */
void ser_spectrum(ser_mel_t *mel, const int16_t *samples);

#endif
