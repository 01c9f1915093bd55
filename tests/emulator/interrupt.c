/* Interrupts at the worst moments: behind each frame's mel values and behind each layer of the model. Whatever they
 * call answers that it is busy, and what they came into ends as if they had not come. */
#define ser_mel_frame inner_mel_frame
#include "../features/ser_mel.c"
#undef ser_mel_frame
#include "ser_classifier.h"
#include "ser_selftest_sound.h"

#include <stdint.h>

#define SAMPLES (SER_FEATURES_WINDOW_LENGTH + (2u * SER_FEATURES_CONTEXT_FRAMES) * SER_FEATURES_HOP_LENGTH)
#define BUSY SER_ERROR_NOT_READY

void ser_mel_frame(ser_mel_t *mel, const int16_t *samples, ser_value_t *values);
void ser_layer_done(size_t layer);

static bool is_on;
static int frames, layers;
static int wrong; /* answers that are another status, by bits */

static void call_the_classifier(void) {
    const int16_t pcm = 100;
    wrong |= ser_classifier_push(&pcm, 1u) != BUSY;
    wrong |= (ser_classifier_finish() != BUSY) << 1;
    wrong |= (ser_classifier_infer() != BUSY) << 2;
    wrong |= (ser_classifier_reset(SER_CLIP) != BUSY || ser_classifier_next_clip() != BUSY) << 3;
}

static void call_the_features(void) {
    static int8_t window[SER_FEATURES_RING_VALUES];
    ser_features_t *const features = (ser_features_t *)(uintptr_t)ser_classifier_features();
    const int16_t pcm = 100;
    size_t consumed = 0u;
    bool is_ready = false;
    wrong |= (ser_features_push(features, &pcm, 1u, &consumed, &is_ready) != BUSY) << 4;
    wrong |= (ser_features_window(features, window) != BUSY || ser_features_next_clip(features) != BUSY) << 5;
}

static void call_the_model(void) {
    wrong |= (ser_model_invoke() != BUSY) << 6;
    wrong |= (ser_model_reset() != BUSY) << 7;
    wrong |= (ser_model_init() != BUSY) << 8;
}

void ser_mel_frame(ser_mel_t *mel, const int16_t *samples, ser_value_t *values) {
    inner_mel_frame(mel, samples, values);
    if (is_on) {
        ++frames;
        call_the_classifier();
        call_the_features();
    }
}

void ser_layer_done(size_t layer) {
    (void)layer;
    if (is_on) {
        ++layers;
        call_the_classifier();
        call_the_model();
    }
}

static void hear(ser_classifier_mode_t mode, int32_t posteriors[SER_CLASSIFIER_LABEL_COUNT]) {
    static int16_t pcm[SAMPLES];
    for (size_t sample = 0; sample < SAMPLES; ++sample) {
        pcm[sample] = (int16_t)(sample * sample % 20011u);
    }
    wrong |= (ser_classifier_reset(mode) != SER_OK) << 9;
    wrong |= (ser_classifier_push(pcm, SAMPLES) != SER_OK) << 10;
    wrong |= (ser_classifier_infer() != SER_OK) << 11;
    wrong |= (ser_classifier_finish() != SER_OK) << 12;
    wrong |= (ser_classifier_posteriors_q24(posteriors) != SER_OK) << 13;
}

int main(void) {
    float posteriors[SER_CLASSIFIER_LABEL_COUNT];
    ser_selftest_sound_t result;
    wrong |= (ser_model_init() != SER_OK) << 14;
    wrong |= (ser_classifier_posteriors(posteriors) != SER_ERROR_NOT_READY) << 16;
    wrong |= (ser_selftest_sound_run(&result) != SER_OK) << 17;
    wrong |= (ser_classifier_posteriors(posteriors) != SER_OK || !(posteriors[0] >= 0.0f)) << 18;
    for (int mode = SER_CLIP; mode <= SER_STREAM; ++mode) {
        int32_t undisturbed[SER_CLASSIFIER_LABEL_COUNT];
        int32_t disturbed[SER_CLASSIFIER_LABEL_COUNT];
        is_on = false;
        hear((ser_classifier_mode_t)mode, undisturbed);
        is_on = true;
        hear((ser_classifier_mode_t)mode, disturbed);
        for (size_t label = 0; label < SER_CLASSIFIER_LABEL_COUNT; ++label) {
            wrong |= (undisturbed[label] != disturbed[label]) << 15;
        }
    }
    return wrong != 0 ? 1 : frames > 10 && layers > 10 ? 0 : 2;
}
