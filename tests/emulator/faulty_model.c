/* A model of few lines that fails where it is told to. */
#include "ser_model.h"

#include <string.h>

extern int model_fault; /* 1: init, 2: reset, 3: no input, 4: another output, 5: invoke, 6: every second reset */
static int8_t arena[SER_MODEL_ARENA_BYTES];
static int8_t output[SER_MODEL_OUTPUT_0_BYTES];
static int resets;

ser_status_t ser_model_init(void) {
    return model_fault == 1 ? SER_ERROR_ARENA : SER_OK;
}

ser_status_t ser_model_reset(void) {
    ++resets;
    return model_fault == 2 || (model_fault == 6 && resets % 2 == 0) ? SER_ERROR_MODEL : SER_OK;
}

int8_t *ser_model_input(size_t index) {
    return index == 0 && model_fault != 3 ? arena : NULL;
}

ser_status_t ser_model_invoke(void) {
    int32_t sums[SER_MODEL_OUTPUT_0_BYTES] = {0};
    for (size_t i = 0; i < SER_MODEL_INPUT_0_BYTES; ++i) {
        sums[i % SER_MODEL_OUTPUT_0_BYTES] += arena[i] * (int32_t)(1 + i % 5);
    }
    for (size_t i = 0; i < SER_MODEL_OUTPUT_0_BYTES; ++i) {
        output[i] = (int8_t)(sums[i] % 128);
    }
    if (model_fault == 4) {
        output[1] = 77;
    }
    return model_fault == 5 ? SER_ERROR_MODEL : SER_OK;
}

const int8_t *ser_model_output(size_t index) {
    return index == 0 ? output : NULL;
}

size_t ser_model_arena_used(void) {
    return sizeof arena;
}
