#include "ser_classifier.h"

#include "ser_classifier_settings.h"
#include "ser_gate.h"

#include <string.h>

#define CONTEXT_FRAMES SER_FEATURES_CONTEXT_FRAMES
#define LABELS SER_CLASSIFIER_LABEL_COUNT
#define STEP_Q16 65536
#define MOST_WINDOWS ((size_t)INT32_MAX / 128u) /* beyond, the sum of a clip's int8 posteriors could overflow */

#if CONTEXT_FRAMES * SER_FEATURES_COUNT != SER_MODEL_INPUT_0_BYTES
#error "the model does not take context_frames x features values; generate the project again"
#endif
#if SER_MODEL_INPUT_COUNT != 1 || SER_MODEL_OUTPUT_COUNT != 1
#error "a classifier has one input and one output"
#endif
#if SER_MODEL_FEATURES_0 != SER_FEATURES_SPEC_0 || SER_MODEL_FEATURES_1 != SER_FEATURES_SPEC_1 ||                      \
    SER_MODEL_FEATURES_2 != SER_FEATURES_SPEC_2 || SER_MODEL_FEATURES_3 != SER_FEATURES_SPEC_3 ||                      \
    SER_MODEL_FEATURES_4 != SER_FEATURES_SPEC_4 || SER_MODEL_FEATURES_5 != SER_FEATURES_SPEC_5 ||                      \
    SER_MODEL_FEATURES_6 != SER_FEATURES_SPEC_6 || SER_MODEL_FEATURES_7 != SER_FEATURES_SPEC_7
#error "the model is made for other features than features/ computes; generate the project again"
#endif

static ser_classifier_mode_t mode;
static ser_features_t features;
static size_t frames; /* of a clip, counted up to CONTEXT_FRAMES */
static size_t frames_since_window;
static size_t windows;
static int32_t posterior_sums[LABELS]; /* of a clip */
static ser_gate_t gate;                /* of a stream */
static ser_decision_t decision;
static volatile bool is_busy; /* an interrupt that comes in the middle of a call finds it so */

/* The newest frames lie where the model reads them, if it can begin at any of them; else beside it. */
#if defined SER_MODEL_INPUT_RING_ROWS
static int8_t *frame_ring(void) {
    return ser_model_input(0);
}

static ser_status_t run_newest_frames(void) {
    return ser_model_invoke_ring(ser_features_oldest_row(&features));
}
#else
static ser_row_value_t *frame_ring(void) {
    static ser_row_value_t ring[SER_FEATURES_RING_VALUES];
    return ring;
}

static ser_status_t run_newest_frames(void) {
    int8_t *const input = ser_model_input(0);
    if (input == NULL) {
        return SER_ERROR_NOT_READY;
    }
    const ser_status_t status = ser_features_window(&features, input);
    return status == SER_OK ? ser_model_invoke() : status;
}
#endif

static void begin(ser_classifier_mode_t wanted) {
    mode = wanted;
    frames = 0u;
    frames_since_window = 0u;
    windows = 0u;
    memset(posterior_sums, 0, sizeof posterior_sums);
    ser_gate_reset(&gate);
    ser_decision_reset(&decision);
}

ser_status_t ser_classifier_reset(ser_classifier_mode_t wanted) {
    if (is_busy || ser_features_reset(&features, frame_ring()) != SER_OK) {
        return SER_ERROR_NOT_READY;
    }
    begin(wanted);
    return SER_OK;
}

ser_status_t ser_classifier_next_clip(void) {
    if (is_busy || ser_features_next_clip(&features) != SER_OK) {
        return SER_ERROR_NOT_READY;
    }
    begin(SER_CLIP);
    return SER_OK;
}

static ser_status_t infer(void) {
    const ser_status_t status = ser_model_reset();
    return status == SER_OK ? run_newest_frames() : status;
}

static ser_status_t run_window(void) {
    const ser_status_t status = infer();
    if (status == SER_OK) {
        frames_since_window = 0u;
        ++windows;
    }
    return status;
}

static ser_status_t run_clip_window(void) {
    const ser_status_t status = windows < MOST_WINDOWS ? run_window() : SER_ERROR_NOT_READY;
    if (status == SER_OK) {
        const int8_t *const posteriors = ser_model_output(0);
        for (size_t label = 0; label < LABELS; ++label) {
            posterior_sums[label] += posteriors[label];
        }
    }
    return status;
}

static ser_status_t take_clip_frame(void) {
    ++frames_since_window;
    if (frames < CONTEXT_FRAMES) {
        ++frames;
        return frames == CONTEXT_FRAMES ? run_clip_window() : SER_OK;
    }
    return frames_since_window == SER_FEATURES_STRIDE_FRAMES ? run_clip_window() : SER_OK;
}

static ser_status_t take_stream_frame(void) {
    ser_gate_end_frame(&gate);
    (void)ser_features_hold(&features, ser_gate_is_closed(&gate)); /* silence says nothing of a voice */
    ++frames_since_window;
    const bool due = frames_since_window == SER_STREAM_STRIDE_FRAMES;
    if (due) {
        frames_since_window = 0u; /* a window that the gate holds back is not made up for */
    }
    if (ser_gate_is_closed(&gate)) {
        ser_decision_silence(&decision);
        return SER_OK;
    }
    const ser_status_t status = due ? run_window() : SER_OK;
    if (due && status == SER_OK) {
        ser_decision_take(&decision, ser_model_output(0));
    }
    return status;
}

static ser_status_t hear(const int16_t *pcm, size_t samples) {
    while (samples > 0u) {
        size_t consumed = 0u;
        bool frame_ready = false;
        ser_status_t status = ser_features_push(&features, pcm, samples, &consumed, &frame_ready);
        if (status == SER_OK && mode == SER_STREAM && SER_STREAM_GATE_POWER > 0u) {
            ser_gate_hear(&gate, pcm, consumed);
        }
        if (status == SER_OK && frame_ready) {
            status = mode == SER_STREAM ? take_stream_frame() : take_clip_frame();
        }
        if (status != SER_OK) {
            return status;
        }
        pcm += consumed;
        samples -= consumed;
    }
    return SER_OK;
}

ser_status_t ser_classifier_push(const int16_t *pcm, size_t samples) {
    if (is_busy) {
        return SER_ERROR_NOT_READY;
    }
    is_busy = true;
    const ser_status_t status = hear(pcm, samples);
    is_busy = false;
    return status;
}

ser_status_t ser_classifier_finish(void) {
    if (is_busy) {
        return SER_ERROR_NOT_READY;
    }
    const bool due = mode == SER_CLIP && (windows == 0u || frames_since_window > 0u);
    is_busy = true;
    const ser_status_t status = due ? run_clip_window() : SER_OK;
    is_busy = false;
    return status;
}

ser_status_t ser_classifier_infer(void) {
    if (is_busy) {
        return SER_ERROR_NOT_READY;
    }
    is_busy = true;
    const ser_status_t status = infer();
    is_busy = false;
    return status;
}

size_t ser_classifier_windows(void) {
    return windows;
}

const ser_features_t *ser_classifier_features(void) {
    return &features;
}

bool ser_classifier_is_silent(void) {
    return ser_gate_is_closed(&gate);
}

/* Halves away from zero; the divisor is positive. */
static int64_t divide_rounded(int64_t dividend, int64_t divisor) {
    return (dividend + (dividend < 0 ? -divisor : divisor) / 2) / divisor;
}

/* In steps of the model's output, times 65536; a clip's is the mean over its windows. */
static int64_t level_q16(size_t label, size_t of_windows) {
    return mode == SER_STREAM ? decision.smoothed_q16[label]
                              : divide_rounded((int64_t)posterior_sums[label] * STEP_Q16, (int64_t)of_windows);
}

ser_status_t ser_classifier_posteriors_q24(int32_t *posteriors) {
    if (posteriors == NULL) {
        return SER_ERROR_ARGUMENT;
    }
    const size_t of_windows = windows; /* a reset in an interrupt must not make it 0 on the way */
    if (mode == SER_STREAM ? !decision.smoothing : of_windows == 0u) {
        return SER_ERROR_NOT_READY;
    }
    for (size_t label = 0; label < LABELS; ++label) {
        const int64_t steps_q16 = level_q16(label, of_windows) - (int64_t)SER_MODEL_OUTPUT_0_ZERO_POINT * STEP_Q16;
        const int64_t value = divide_rounded(steps_q16 * SER_CLASSIFIER_STEP_Q32, (int64_t)1 << 24);
        posteriors[label] = (int32_t)(value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : value);
    }
    return SER_OK;
}

static size_t largest_sum(void) {
    size_t best = 0u;
    for (size_t other = 1; other < LABELS; ++other) {
        if (posterior_sums[other] > posterior_sums[best]) {
            best = other;
        }
    }
    return best;
}

ser_status_t ser_classifier_decision(size_t *label) {
    if (label == NULL) {
        return SER_ERROR_ARGUMENT;
    }
    if (mode == SER_STREAM ? decision.label == SER_DECISION_NONE : windows == 0u) {
        return SER_ERROR_NOT_READY;
    }
    *label = mode == SER_STREAM ? decision.label : largest_sum();
    return SER_OK;
}
