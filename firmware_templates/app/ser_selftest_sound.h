/** @file
 * From sound to a decision: makes a piece of sound by formula, classifies it as a clip, and compares the
 * features with those that the reference gives, then posteriors and label with those of the model run alone on these
 * features. With the recorded inputs of ser_selftest.h, which test the model alone, that is the whole chain.
 *
 * Linked only where it is called. It needs no memory but the classifier's own. */
#ifndef SER_SELFTEST_SOUND_H
#define SER_SELFTEST_SOUND_H

#include "ser_status.h"

#include <stddef.h>

/** What the test found. */
typedef struct {
    size_t features;  /**< compared */
    size_t label;     /**< the decision */
    const char *what; /**< the first difference: "feature", "posterior byte" or "label"; NULL: none */
    size_t index;     /**< of the feature, counted over all frames; of the posterior */
    int expected;     /**< of a feature that may be one of two: the nearer */
    int actual;       /**< what came out */
} ser_selftest_sound_t;

/** Compares features, posteriors and label. Needs ser_model_init first; resets the classifier, which then has to be
 * reset before the next sound.
 * @param result the first difference, if there is one
 * @return SER_OK: all is equal; SER_ERROR_MODEL: something is not */
ser_status_t ser_selftest_sound_run(ser_selftest_sound_t *result);

#endif
