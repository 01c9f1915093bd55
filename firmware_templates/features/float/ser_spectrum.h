/** @file
 * The power spectrum of one frame. */
#ifndef SER_SPECTRUM_H
#define SER_SPECTRUM_H

#include "ser_features_state.h"

/** Samples of one frame, windowed, to the power of FFT bin k at mel->work[2 k], for 0 < k < FFT_SIZE / 2: no triangle
 * reaches the first and the last bin. */
void ser_spectrum(ser_mel_t *mel, const int16_t *samples);

#endif
