/** @file
 * The spectrum of a frame in block floating point: one exponent, chosen so that no value of the FFT can
 * overflow. */
#ifndef SER_SPECTRUM_H
#define SER_SPECTRUM_H

#include "ser_features_tables.h"

#include <stdint.h>

#define SER_SPECTRUM_BINS (SER_FEATURES_FFT_SIZE / 2u) /**< from bin 0 on */

/** A complex value. */
typedef struct {
    int32_t re; /**< real part */
    int32_t im; /**< imaginary part */
} ser_complex_t;

/** Transforms a windowed frame.
 * @param samples (SER_FEATURES_WINDOW_LENGTH,)
 * @param bins (SER_SPECTRUM_BINS,)
 * @return the exponent e: for samples scaled to -1..1, bin k is bins[k] * 2^e, but for its phase and for bin 0, which
 * no triangle covers */
int32_t ser_spectrum(const int16_t *samples, ser_complex_t *bins);

#endif
