/** @file
 * The classifier's functions in any order, on sound in chunks of any size. */
#include "fuzz_check.h"

#include "ser_classifier.h"

int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    const int16_t pcm = 0;
    size_t label = 0u;
    int32_t posteriors[SER_CLASSIFIER_LABEL_COUNT];
    FUZZ_CHECK(ser_classifier_push(&pcm, 1u) == SER_ERROR_NOT_READY);
    FUZZ_CHECK(ser_classifier_infer() == SER_ERROR_NOT_READY);
    FUZZ_CHECK(ser_classifier_next_clip() == SER_ERROR_NOT_READY);
    (void)ser_classifier_reset(SER_CLIP);
    FUZZ_CHECK(ser_classifier_finish() == SER_ERROR_NOT_READY);
    FUZZ_CHECK(ser_model_init() == SER_OK);
    FUZZ_CHECK(ser_classifier_reset(SER_CLIP) == SER_OK);
    FUZZ_CHECK(ser_classifier_posteriors_q24(posteriors) == SER_ERROR_NOT_READY);
    FUZZ_CHECK(ser_classifier_decision(&label) == SER_ERROR_NOT_READY);
    FUZZ_CHECK(ser_classifier_push(NULL, 1u) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_classifier_push(NULL, 0u) == SER_OK);
    FUZZ_CHECK(ser_classifier_posteriors_q24(NULL) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_classifier_posteriors(NULL) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_classifier_decision(NULL) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_classifier_label(SIZE_MAX) == NULL);
    return 0;
}

static void push(fuzz_input_t *input) {
    size_t samples = 0u;
    size_t times = 0u;
    int16_t *const pcm = fuzz_sound(input, &samples, &times);
    for (; times > 0u; --times) {
        FUZZ_CHECK(ser_classifier_push(pcm, samples) == SER_OK);
    }
    free(pcm);
}

static void ask(void) {
    size_t label = SIZE_MAX;
    struct {
        uint8_t before[FUZZ_GUARD_BYTES];
        int32_t q24[SER_CLASSIFIER_LABEL_COUNT];
        uint8_t behind[FUZZ_GUARD_BYTES];
    } posteriors;
    fuzz_guard(posteriors.before);
    fuzz_guard(posteriors.behind);
    const ser_status_t posteriors_status = ser_classifier_posteriors_q24(posteriors.q24);
    FUZZ_CHECK(posteriors_status == SER_OK || posteriors_status == SER_ERROR_NOT_READY);
    fuzz_check_guard(posteriors.before);
    fuzz_check_guard(posteriors.behind);
    const ser_status_t status = ser_classifier_decision(&label);
    FUZZ_CHECK(status == SER_OK || status == SER_ERROR_NOT_READY);
    FUZZ_CHECK(status != SER_OK || (label <= SER_CLASSIFIER_SILENCE && ser_classifier_label(label) != NULL));
    (void)ser_classifier_is_silent();
    (void)ser_classifier_windows();
    FUZZ_CHECK(ser_classifier_features() != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input_t input = {data, size, 0u};
    FUZZ_CHECK(ser_classifier_reset(fuzz_byte(&input) % 2u == 0u ? SER_CLIP : SER_STREAM) == SER_OK);
    while (input.size > 0u) {
        const uint8_t call = fuzz_byte(&input);
        if (call == 1u) {
            FUZZ_CHECK(ser_classifier_finish() == SER_OK);
        } else if (call == 2u) {
            FUZZ_CHECK(ser_classifier_infer() == SER_OK);
        } else if (call == 3u) {
            FUZZ_CHECK(ser_classifier_reset(fuzz_byte(&input) % 2u == 0u ? SER_CLIP : SER_STREAM) == SER_OK);
        } else if (call == 4u) {
            ask();
        } else if (call == 5u) {
            FUZZ_CHECK(ser_classifier_next_clip() == SER_OK);
            FUZZ_CHECK(ser_classifier_windows() == 0u);
        } else {
            push(&input);
        }
    }
    FUZZ_CHECK(ser_classifier_finish() == SER_OK);
    ask();
    return 0;
}
