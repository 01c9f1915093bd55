#include "ser_classifier.h"

#include "ser_features.h"
#include "ser_model.h"

#include <string.h>

#define CONTEXT_FRAMES SER_FEATURES_CONTEXT_FRAMES
#define STRIDE_FRAMES SER_FEATURES_STRIDE_FRAMES
#define MEL_BINS SER_FEATURES_MEL_BINS
#define LABELS SER_CLASSIFIER_LABEL_COUNT
#define MOST_WINDOWS ((size_t)INT32_MAX / 128u) /* beyond, the sum of int8 posteriors could overflow */

#if CONTEXT_FRAMES * MEL_BINS != SER_MODEL_INPUT_0_BYTES
#error "the model does not take context_frames x mel_bins values; generate the project again"
#endif
#if SER_MODEL_INPUT_COUNT != 1 || SER_MODEL_OUTPUT_COUNT != 1
#error "a classifier has one input and one output"
#endif

static ser_features_t features;
static int8_t history[CONTEXT_FRAMES][MEL_BINS]; /* ring of the newest frames */
static size_t next_row;                          /* the oldest frame, overwritten next */
static size_t frames;                            /* counted up to CONTEXT_FRAMES */
static size_t frames_since_window;
static size_t windows;
static int32_t posterior_sums[LABELS];

void ser_classifier_reset(void) {
    ser_features_reset(&features);
    memset(history, SER_MODEL_INPUT_0_ZERO_POINT, sizeof history);
    memset(posterior_sums, 0, sizeof posterior_sums);
    next_row = 0u;
    frames = 0u;
    frames_since_window = 0u;
    windows = 0u;
}

ser_status_t ser_classifier_load_input(void) {
    const ser_status_t status = ser_model_reset();
    int8_t *const input = ser_model_input(0);
    if (status != SER_OK || input == NULL) {
        return SER_ERROR_NOT_READY;
    }
    const size_t older_bytes = (CONTEXT_FRAMES - next_row) * MEL_BINS;
    memcpy(input, history[next_row], older_bytes);
    memcpy(input + older_bytes, history, next_row * MEL_BINS);
    return SER_OK;
}

static ser_status_t run_window(void) {
    if (windows == MOST_WINDOWS) {
        return SER_ERROR_NOT_READY;
    }
    ser_status_t status = ser_classifier_load_input();
    if (status == SER_OK) {
        status = ser_model_invoke();
    }
    if (status != SER_OK) {
        return status;
    }
    const int8_t *const posteriors = ser_model_output(0);
    for (size_t label = 0; label < LABELS; ++label) {
        posterior_sums[label] += posteriors[label];
    }
    frames_since_window = 0u;
    ++windows;
    return SER_OK;
}

static ser_status_t take_frame(const int8_t *frame) {
    memcpy(history[next_row], frame, MEL_BINS);
    next_row = (next_row + 1u) % CONTEXT_FRAMES;
    ++frames_since_window;
    if (frames < CONTEXT_FRAMES) {
        ++frames;
        return frames == CONTEXT_FRAMES ? run_window() : SER_OK;
    }
    return frames_since_window == STRIDE_FRAMES ? run_window() : SER_OK;
}

ser_status_t ser_classifier_push(const int16_t *pcm, size_t samples) {
    while (samples > 0u) {
        size_t consumed = 0u;
        bool frame_ready = false;
        ser_status_t status = ser_features_push(&features, pcm, samples, &consumed, &frame_ready);
        if (status == SER_OK && frame_ready) {
            status = take_frame(features.frame);
        }
        if (status != SER_OK) {
            return status;
        }
        pcm += consumed;
        samples -= consumed;
    }
    return SER_OK;
}

ser_status_t ser_classifier_finish(void) {
    return windows == 0u || frames_since_window > 0u ? run_window() : SER_OK;
}

size_t ser_classifier_windows(void) {
    return windows;
}

ser_status_t ser_classifier_posteriors(float *posteriors) {
    if (posteriors == NULL) {
        return SER_ERROR_ARGUMENT;
    }
    if (windows == 0u) {
        return SER_ERROR_NOT_READY;
    }
    for (size_t label = 0; label < LABELS; ++label) {
        const float mean = (float)posterior_sums[label] / (float)windows;
        posteriors[label] = (mean - (float)SER_MODEL_OUTPUT_0_ZERO_POINT) * SER_MODEL_OUTPUT_0_SCALE;
    }
    return SER_OK;
}

ser_status_t ser_classifier_decision(size_t *label) {
    if (label == NULL) {
        return SER_ERROR_ARGUMENT;
    }
    if (windows == 0u) {
        return SER_ERROR_NOT_READY;
    }
    size_t best = 0u;
    for (size_t other = 1; other < LABELS; ++other) {
        if (posterior_sums[other] > posterior_sums[best]) {
            best = other;
        }
    }
    *label = best;
    return SER_OK;
}
