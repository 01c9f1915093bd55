#include "ser_features.h"

#include <string.h>

#define WINDOW_LENGTH SER_FEATURES_WINDOW_LENGTH
#define HOP_LENGTH SER_FEATURES_HOP_LENGTH
#define POINTS (SER_FEATURES_FFT_SIZE / 2) /* of the complex FFT that holds two real samples in each value */
#define MEL_BINS SER_FEATURES_MEL_BINS

#if (SER_FEATURES_FFT_SIZE & (SER_FEATURES_FFT_SIZE - 1)) != 0
#error "the FFT size must be a power of two"
#endif
#if WINDOW_LENGTH > SER_FEATURES_FFT_SIZE || HOP_LENGTH > WINDOW_LENGTH
#error "hop length <= window length <= FFT size does not hold"
#endif

typedef struct {
    float re;
    float im;
} complex_t;

static complex_t add(complex_t a, complex_t b) {
    return (complex_t){a.re + b.re, a.im + b.im};
}

static complex_t subtract(complex_t a, complex_t b) {
    return (complex_t){a.re - b.re, a.im - b.im};
}

/* a * exp(-2 pi i k / FFT_SIZE), k below FFT_SIZE / 2 */
static complex_t rotate(complex_t a, size_t k) {
    const float re = ser_features_twiddles[2 * k];
    const float im = ser_features_twiddles[2 * k + 1];
    return (complex_t){a.re * re - a.im * im, a.re * im + a.im * re};
}

static complex_t load(const float *work, size_t index) {
    return (complex_t){work[2 * index], work[2 * index + 1]};
}

static void store(float *work, size_t index, complex_t value) {
    work[2 * index] = value.re;
    work[2 * index + 1] = value.im;
}

/* Windowed samples as POINTS complex values (even sample, odd sample), in bit-reversed order. */
static void load_windowed(const int16_t *samples, float *work) {
    size_t reversed = 0u;
    for (size_t index = 0; index < POINTS; ++index) {
        const size_t even = 2 * index;
        const size_t odd = even + 1;
        complex_t value = {0.0f, 0.0f};
        if (even < WINDOW_LENGTH) {
            value.re = (float)samples[even] * ser_features_window[even];
        }
        if (odd < WINDOW_LENGTH) {
            value.im = (float)samples[odd] * ser_features_window[odd];
        }
        store(work, reversed, value);
        size_t bit = POINTS / 2;
        while (bit > 0u && (reversed & bit) != 0u) {
            reversed ^= bit;
            bit /= 2;
        }
        reversed |= bit;
    }
}

/* Two radix-2 stages at once on elements i, i + span, i + 2 span, i + 3 span. */
static void radix_4_stage(float *work, size_t span) {
    const size_t stride = SER_FEATURES_FFT_SIZE / (4 * span);
    for (size_t block = 0; block < POINTS; block += 4 * span) {
        for (size_t k = 0; k < span; ++k) {
            const size_t i = block + k;
            const complex_t a = load(work, i);
            const complex_t b = rotate(load(work, i + span), 2 * k * stride);
            const complex_t c = load(work, i + 2 * span);
            const complex_t d = rotate(load(work, i + 3 * span), 2 * k * stride);
            const complex_t even_sum = add(a, b);
            const complex_t even_difference = subtract(a, b);
            const complex_t odd_sum = rotate(add(c, d), k * stride);
            const complex_t turned = rotate(subtract(c, d), k * stride);
            const complex_t odd_difference = {turned.im, -turned.re}; /* times -i */
            store(work, i, add(even_sum, odd_sum));
            store(work, i + span, add(even_difference, odd_difference));
            store(work, i + 2 * span, subtract(even_sum, odd_sum));
            store(work, i + 3 * span, subtract(even_difference, odd_difference));
        }
    }
}

static void radix_2_stage(float *work) {
    for (size_t i = 0; i < POINTS; i += 2) {
        const complex_t a = load(work, i);
        const complex_t b = load(work, i + 1);
        store(work, i, add(a, b));
        store(work, i + 1, subtract(a, b));
    }
}

static void complex_fft(float *work) {
    size_t span = 1u;
    size_t points = POINTS;
    while (points > 2u) {
        points /= 4u;
    }
    if (points == 2u) { /* an odd power of two */
        radix_2_stage(work);
        span = 2u;
    }
    for (; span < POINTS; span *= 4u) {
        radix_4_stage(work, span);
    }
}

static float squared_magnitude(complex_t value) {
    return value.re * value.re + value.im * value.im;
}

/* Power of the real signal's bins 0 .. FFT_SIZE / 2 from the complex FFT Z, in place: bin k at work[2 k].
 * X[k] = (Z[k] + conj Z[-k]) / 2 - i exp(-2 pi i k / FFT_SIZE) (Z[k] - conj Z[-k]) / 2 */
static void power_spectrum(float *work) {
    const complex_t first = load(work, 0);
    work[0] = (first.re + first.im) * (first.re + first.im);
    work[2 * POINTS] = (first.re - first.im) * (first.re - first.im);
    for (size_t k = 1; k <= POINTS / 2; ++k) {
        const complex_t z = load(work, k);
        const complex_t mirrored = load(work, POINTS - k);
        const complex_t even = {0.5f * (z.re + mirrored.re), 0.5f * (z.im - mirrored.im)};
        const complex_t odd = {0.5f * (z.im + mirrored.im), 0.5f * (mirrored.re - z.re)}; /* times -i */
        const complex_t turned = rotate(odd, k);
        work[2 * k] = squared_magnitude(add(even, turned));
        work[2 * (POINTS - k)] = squared_magnitude(subtract(even, turned));
    }
}

/* ln(value) of a positive normal number, within two units in the last place: value = 2^exponent * m with m in
 * sqrt(1/2) .. sqrt(2), ln m = 2 atanh((m - 1) / (m + 1)). */
static float natural_logarithm(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    int32_t exponent = (int32_t)(bits >> 23) - 127;
    bits = (bits & 0x007FFFFFu) | 0x3F800000u;
    float m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.41421356f) {
        m *= 0.5f;
        ++exponent;
    }
    const float s = (m - 1.0f) / (m + 1.0f);
    const float s2 = s * s;
    const float tail = s2 * (0.666666667f + s2 * (0.4f + s2 * (0.285714286f + s2 * 0.222222222f)));
    const float scaled = (float)exponent;
    return scaled * 0.693359375f + (s * (2.0f + tail) - scaled * 2.12194440e-4f); /* ln 2 in two parts */
}

/* Nearest int8 of value + zero point; halves away from zero before the zero point is added, as TFLite's QUANTIZE. */
static int8_t quantize(float value) {
    const float limited = value < -1000.0f ? -1000.0f : value > 1000.0f ? 1000.0f : value;
    const int32_t rounded = (int32_t)(limited < 0.0f ? limited - 0.5f : limited + 0.5f);
    const int32_t shifted = rounded + SER_FEATURES_ZERO_POINT;
    return (int8_t)(shifted < INT8_MIN ? INT8_MIN : shifted > INT8_MAX ? INT8_MAX : shifted);
}

static void quantize_mel_bins(const float *work, int8_t *frame) {
    const float *weight = ser_features_mel_weights;
    for (size_t mel = 0; mel < MEL_BINS; ++mel) {
        const float *power = work + 2 * (size_t)ser_features_mel_starts[mel];
        float sum = 0.0f;
        for (size_t left = ser_features_mel_lengths[mel]; left > 0u; --left) {
            sum += *weight++ * *power;
            power += 2;
        }
        const float logarithm = natural_logarithm(sum + SER_FEATURES_LOG_FLOOR);
        frame[mel] = quantize(logarithm * ser_features_gains[mel] + ser_features_offsets[mel]);
    }
}

void ser_features_reset(ser_features_t *features) {
    features->filled = 0u;
}

ser_status_t ser_features_push(ser_features_t *features, const int16_t *pcm, size_t samples, size_t *consumed,
                               bool *frame_ready) {
    if (features == NULL || (pcm == NULL && samples > 0u) || consumed == NULL || frame_ready == NULL) {
        return SER_ERROR_ARGUMENT;
    }
    const size_t missing = WINDOW_LENGTH - features->filled;
    const size_t taken = samples < missing ? samples : missing;
    if (taken > 0u) {
        memcpy(features->samples + features->filled, pcm, taken * sizeof pcm[0]);
    }
    features->filled += taken;
    *consumed = taken;
    *frame_ready = features->filled == WINDOW_LENGTH;
    if (*frame_ready) {
        load_windowed(features->samples, features->work);
        complex_fft(features->work);
        power_spectrum(features->work);
        quantize_mel_bins(features->work, features->frame);
        features->filled = WINDOW_LENGTH - HOP_LENGTH;
        memmove(features->samples, features->samples + HOP_LENGTH, features->filled * sizeof features->samples[0]);
    }
    return SER_OK;
}
