/** @file
 * Audio in, emotion out: feature frames, the model on windows of them, and a decision from its posteriors. No
 * floating-point operation but in ser_classifier_posteriors.
 *
 * SER_CLIP: a recording with an end. One of at most SER_FEATURES_CONTEXT_FRAMES frames is one window, padded at its
 * start with the corpus mean. A longer one gives a window that ends after frame SER_FEATURES_CONTEXT_FRAMES, then one
 * every SER_FEATURES_STRIDE_FRAMES frames, and one that ends at the last frame. Posteriors are the mean of the windows,
 * the decision is the largest.
 *
 * SER_STREAM: sound without an end. A window every SER_STREAM_STRIDE_FRAMES frames from the start on, padded as above
 * until the context is full; posteriors are smoothed, the decision has hysteresis (ser_decision.h), and none of it runs
 * while the gate is closed (ser_gate.h). ser_classifier_settings.h has the numbers and the latency.
 *
 * Windows overlap, so that each is an input of its own: the model is reset before it. One clip or stream at a time.
 * Where ser_model.h has SER_MODEL_INPUT_RING_ROWS, the newest frames lie in the model's input: whoever writes there
 * calls ser_classifier_reset before the next sound. */
#ifndef SER_CLASSIFIER_H
#define SER_CLASSIFIER_H

#include "ser_decision.h"
#include "ser_features.h"
#include "ser_model.h"
#include "ser_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SER_CLASSIFIER_LABEL_COUNT SER_DECISION_LABELS /**< names that ser_labels.c has */
#define SER_CLASSIFIER_SILENCE SER_DECISION_SILENCE    /**< a decision besides the labels, of streams alone */

/** What is heard. */
typedef enum {
    SER_CLIP,  /**< a recording with an end */
    SER_STREAM /**< sound without an end */
} ser_classifier_mode_t;

/** Before each clip or stream.
 * @param mode what will be heard
 * @return SER_OK; SER_ERROR_NOT_READY in an interrupt that comes in the middle of another call, and before
 * ser_model_init where the model has a ring */
ser_status_t ser_classifier_reset(ser_classifier_mode_t mode);

/** Before a clip that follows another one of the same speaker, in place of ser_classifier_reset: where features are
 * normalised by running statistics, these stay (ser_features_next_clip). After a stream, too.
 * @return SER_OK; SER_ERROR_NOT_READY before ser_classifier_reset, and in an interrupt that comes in the middle of
 * another call */
ser_status_t ser_classifier_next_clip(void);

/** Takes mono PCM at SER_FEATURES_SAMPLE_RATE_HZ in chunks of any size; runs the model whenever a window is due. How
 * sound is cut into chunks changes nothing.
 * @param pcm the samples; NULL is allowed where there are none
 * @param samples how many
 * @return SER_OK, or what went wrong; SER_ERROR_NOT_READY before ser_classifier_reset and ser_model_init, and in an
 * interrupt that comes in the middle of another call */
ser_status_t ser_classifier_push(const int16_t *pcm, size_t samples);

/** After the last sample of a clip: runs the window that is still due. Does nothing to a stream.
 * @return as ser_classifier_push */
ser_status_t ser_classifier_finish(void);

/** Windows run since the reset.
 * @return how many */
size_t ser_classifier_windows(void);

/** Whether the gate of a stream is closed: it has been quiet for so long that the decision is silence.
 * @return false for a clip */
bool ser_classifier_is_silent(void);

/** Resets the model and runs it on the newest window, as is done when one is due. Changes no decision.
 * @return as ser_classifier_push */
ser_status_t ser_classifier_infer(void);

/** The features as they are, with the ring of the newest frames.
 * @return never NULL */
const ser_features_t *ser_classifier_features(void);

/** Posterior of each label, times 2^24: the mean over the windows of a clip, the smoothed ones of a stream.
 * SER_ERROR_NOT_READY before the first window, and before the first after silence.
 * @param posteriors (SER_CLASSIFIER_LABEL_COUNT,)
 * @return SER_OK, or what went wrong */
ser_status_t ser_classifier_posteriors_q24(int32_t *posteriors);

/** The label with the largest mean posterior of a clip, the first on a tie; the label in force of a stream, or
 * SER_CLASSIFIER_SILENCE. SER_ERROR_NOT_READY before there is one.
 * @param label index of a label
 * @return SER_OK, or what went wrong */
ser_status_t ser_classifier_decision(size_t *label);

/** The name of a label, or of SER_CLASSIFIER_SILENCE; NULL for a bad index.
 * @param label index of a label
 * @return UTF-8 */
const char *ser_classifier_label(size_t label);

/** As ser_classifier_posteriors_q24, for those who compute with floats.
 * @param posteriors (SER_CLASSIFIER_LABEL_COUNT,), 0 to 1
 * @return SER_OK, or what went wrong */
static inline ser_status_t ser_classifier_posteriors(float *posteriors) {
    int32_t fixed[SER_CLASSIFIER_LABEL_COUNT];
    const ser_status_t status = posteriors == NULL ? SER_ERROR_ARGUMENT : ser_classifier_posteriors_q24(fixed);
    for (size_t label = 0; status == SER_OK && label < SER_CLASSIFIER_LABEL_COUNT; ++label) {
        posteriors[label] = (float)fixed[label] / 16777216.0f;
    }
    return status;
}

#endif
