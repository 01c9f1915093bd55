/** @file
 * The features on sound in chunks of any size, with guards around the ring and the window. */
#include "fuzz_check.h"

#include "ser_features.h"

static ser_features_t features;

static struct {
    uint8_t before[FUZZ_GUARD_BYTES];
    ser_row_value_t values[SER_FEATURES_RING_VALUES];
    uint8_t behind[FUZZ_GUARD_BYTES];
} ring;

static struct {
    uint8_t before[FUZZ_GUARD_BYTES];
    int8_t values[SER_FEATURES_RING_VALUES];
    uint8_t behind[FUZZ_GUARD_BYTES];
} window;

int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    size_t consumed = 0u;
    bool is_ready = false;
    const int16_t pcm = 0;
    FUZZ_CHECK(ser_features_push(&features, &pcm, 1u, &consumed, &is_ready) == SER_ERROR_NOT_READY);
    FUZZ_CHECK(ser_features_window(&features, window.values) == SER_ERROR_NOT_READY);
    FUZZ_CHECK(ser_features_next_clip(&features) == SER_ERROR_NOT_READY);
    FUZZ_CHECK(ser_features_next_clip(NULL) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_hold(NULL, true) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_reset(NULL, ring.values) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_reset(&features, NULL) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_push(NULL, &pcm, 1u, &consumed, &is_ready) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_push(&features, NULL, 1u, &consumed, &is_ready) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_push(&features, &pcm, 1u, NULL, &is_ready) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_push(&features, &pcm, 1u, &consumed, NULL) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_window(NULL, window.values) == SER_ERROR_ARGUMENT);
    FUZZ_CHECK(ser_features_window(&features, NULL) == SER_ERROR_ARGUMENT);
#if !SER_FEATURES_PER_UTTERANCE
    FUZZ_CHECK(ser_features_frame(NULL) == NULL && ser_features_frame(&features) == NULL);
    FUZZ_CHECK(ser_features_oldest_row(NULL) == 0u && ser_features_oldest_row(&features) == 0u);
#endif
    return 0;
}

static void check_memory(void) {
    fuzz_check_guard(ring.before);
    fuzz_check_guard(ring.behind);
    fuzz_check_guard(window.before);
    fuzz_check_guard(window.behind);
}

static void check_frame(void) {
#if !SER_FEATURES_PER_UTTERANCE
    const int8_t *const frame = ser_features_frame(&features);
    FUZZ_CHECK(frame >= ring.values && frame + SER_FEATURES_COUNT <= ring.values + SER_FEATURES_RING_VALUES);
    FUZZ_CHECK(ser_features_oldest_row(&features) < SER_FEATURES_CONTEXT_FRAMES);
#endif
    FUZZ_CHECK(ser_features_window(&features, window.values) == SER_OK);
    check_memory();
}

static void push(const int16_t *pcm, size_t samples) {
    do {
        size_t consumed = SIZE_MAX;
        bool is_ready = false;
        FUZZ_CHECK(ser_features_push(&features, pcm, samples, &consumed, &is_ready) == SER_OK);
        FUZZ_CHECK(consumed <= samples && (consumed > 0u || samples == 0u));
        if (is_ready) {
            check_frame();
        }
        pcm = samples > 0u ? pcm + consumed : pcm;
        samples -= consumed;
    } while (samples > 0u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input_t input = {data, size, 0u};
    fuzz_guard(ring.before);
    fuzz_guard(ring.behind);
    fuzz_guard(window.before);
    fuzz_guard(window.behind);
    FUZZ_CHECK(ser_features_reset(&features, ring.values) == SER_OK);
    FUZZ_CHECK(ser_features_window(&features, window.values) == SER_OK);
    while (input.size > 0u) {
        size_t samples = 0u;
        size_t times = 0u;
        int16_t *const pcm = fuzz_sound(&input, &samples, &times);
        for (size_t left = times; left > 0u; --left) {
            push(pcm, samples);
        }
        free(pcm);
        if (samples == 0u) {
            FUZZ_CHECK(ser_features_hold(&features, times % 2u != 0u) == SER_OK);
            FUZZ_CHECK(ser_features_next_clip(&features) == SER_OK);
        }
    }
    check_memory();
    return 0;
}
