#include "ser_decision.h"

#include "ser_classifier_settings.h"

#define STEP_Q16 65536
#define WEIGHT_ONE 32768

static void forget(ser_decision_t *decision, size_t label) {
    *decision = (ser_decision_t){.label = label, .candidate = label};
}

void ser_decision_reset(ser_decision_t *decision) {
    forget(decision, SER_DECISION_NONE);
}

void ser_decision_silence(ser_decision_t *decision) {
    forget(decision, SER_DECISION_SILENCE);
}

static void smooth(ser_decision_t *decision, const int8_t *posteriors) {
    const int64_t weight = decision->smoothing ? SER_STREAM_WEIGHT_Q15 : WEIGHT_ONE;
    for (size_t label = 0; label < SER_DECISION_LABELS; ++label) {
        int32_t *const smoothed = &decision->smoothed_q16[label];
        const int32_t difference = posteriors[label] * STEP_Q16 - *smoothed;
        *smoothed += (int32_t)(weight * difference / WEIGHT_ONE);
    }
    decision->smoothing = true;
}

/* The label in force stays the best on a tie; without one it is the first. */
static size_t best_label(const ser_decision_t *decision) {
    size_t best = decision->label < SER_DECISION_LABELS ? decision->label : 0u;
    for (size_t label = 0; label < SER_DECISION_LABELS; ++label) {
        if (decision->smoothed_q16[label] > decision->smoothed_q16[best]) {
            best = label;
        }
    }
    return best;
}

static bool leads(const ser_decision_t *decision, size_t best) {
    if (decision->label >= SER_DECISION_LABELS) {
        return true;
    }
    const int32_t lead = decision->smoothed_q16[best] - decision->smoothed_q16[decision->label];
    return best != decision->label && lead >= SER_STREAM_MARGIN_Q16;
}

void ser_decision_take(ser_decision_t *decision, const int8_t *posteriors) {
    smooth(decision, posteriors);
    const size_t best = best_label(decision);
    const uint32_t before = best == decision->candidate ? decision->leads : 0u;
    decision->candidate = best;
    decision->leads = leads(decision, best) ? before + 1u : 0u;
    if (decision->leads == SER_STREAM_HOLD_INFERENCES) {
        decision->label = best;
        decision->leads = 0u;
    }
}
