/** @file
 * Posteriors over time to a decision: an exponential mean of them, then hysteresis. Integers only.
 *
 * A label that leads the one in force by SER_STREAM_MARGIN_Q16 in SER_STREAM_HOLD_INFERENCES inferences in a row takes
 * its place. Where no label is in force (at the start, after silence) the best one needs no margin. */
#ifndef SER_DECISION_H
#define SER_DECISION_H

#include "ser_model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SER_DECISION_LABELS SER_MODEL_OUTPUT_0_BYTES /**< one for each output of the model */
#define SER_DECISION_SILENCE SER_DECISION_LABELS     /**< instead of a label: nobody speaks */
#define SER_DECISION_NONE (SER_DECISION_LABELS + 1u) /**< instead of a label: not yet */

/** What is remembered between inferences. */
typedef struct {
    bool smoothing;                            /**< false: the next posteriors are the first */
    int32_t smoothed_q16[SER_DECISION_LABELS]; /**< in steps of the model's output, times 65536 */
    size_t label;                              /**< in force; or silence, or none yet */
    size_t candidate;                          /**< the label that led in the newest inferences */
    uint32_t leads;                            /**< inferences in a row in which the candidate led */
} ser_decision_t;

/** No decision, as at the start of a stream.
 * @param decision made new */
void ser_decision_reset(ser_decision_t *decision);

/** Takes the model's output of one inference.
 * @param decision brought up to date
 * @param posteriors (SER_DECISION_LABELS,), as the model gives them */
void ser_decision_take(ser_decision_t *decision, const int8_t *posteriors);

/** Decides for silence and forgets the posteriors.
 * @param decision brought up to date */
void ser_decision_silence(ser_decision_t *decision);

#endif
