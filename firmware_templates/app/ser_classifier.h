/* Audio in, emotion out: windows of feature frames, the model on each, the mean of its posteriors.
 *
 * A clip of at most SER_FEATURES_CONTEXT_FRAMES frames is one window, padded at its start with the corpus mean. A
 * longer clip gives a window that ends after frame SER_FEATURES_CONTEXT_FRAMES, then one every
 * SER_FEATURES_STRIDE_FRAMES frames, and one that ends at the last frame. Windows overlap, so that each is an input of
 * its own: the model is reset before it. One clip or stream at a time. */
#ifndef SER_CLASSIFIER_H
#define SER_CLASSIFIER_H

#include "ser_model.h"
#include "ser_status.h"

#include <stddef.h>
#include <stdint.h>

#define SER_CLASSIFIER_LABEL_COUNT SER_MODEL_OUTPUT_0_BYTES

/* Before each clip. */
void ser_classifier_reset(void);

/* Takes 16 kHz mono PCM in chunks of any size; runs the model whenever a window is complete. */
ser_status_t ser_classifier_push(const int16_t *pcm, size_t samples);

/* After the last sample of a clip: runs the window that is still due. */
ser_status_t ser_classifier_finish(void);

/* Windows run since the reset. */
size_t ser_classifier_windows(void);

/* Resets the model and writes the newest window to its input, as each inference does first. */
ser_status_t ser_classifier_load_input(void);

/* Mean posterior of each label over the windows so far; SER_ERROR_NOT_READY before the first. */
ser_status_t ser_classifier_posteriors(float *posteriors);

/* The label with the largest mean posterior, the first on a tie; SER_ERROR_NOT_READY before the first window. */
ser_status_t ser_classifier_decision(size_t *label);

/* The name of a label; NULL for a bad index. */
const char *ser_classifier_label(size_t label);

#endif
