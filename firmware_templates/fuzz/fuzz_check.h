/** @file
 * What the programs of this folder have in common: a check that stops them, sound out of whatever libFuzzer gives, and
 * memory that shows whether somebody wrote beside it. */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_GUARD_BYTES 64u     /**< on each side of guarded memory */
#define FUZZ_GUARD_VALUE 0xA5    /**< of each of them */
#define FUZZ_MOST_SAMPLES 16000u /**< of an input: longer ones take longer than they teach */

/** Stops where something is not as the headers say. */
#define FUZZ_CHECK(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: runtime error: not so: %s\n", __FILE__, __LINE__, #condition);                     \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/** An input that is read byte by byte, from libFuzzer. */
typedef struct {
    const uint8_t *data; /**< what is left */
    size_t size;         /**< of that */
    size_t samples;      /**< made of it so far */
} fuzz_input_t;

static inline uint8_t fuzz_byte(fuzz_input_t *input) {
    if (input->size == 0u) {
        return 0u;
    }
    --input->size;
    return *input->data++;
}

/** Some samples in memory of just their size, so that reading one too many is seen; free it.
 * @param input of which it takes two bytes, and an eighth as many more as there are samples
 * @param samples how many
 * @param times how often they are to be heard, from 1 on
 * @return NULL for none */
static inline int16_t *fuzz_sound(fuzz_input_t *input, size_t *samples, size_t *times) {
    const size_t wanted = (size_t)fuzz_byte(input) * 4u;
    *times = 1u + fuzz_byte(input) % 32u;
    *samples = input->samples + wanted * *times <= FUZZ_MOST_SAMPLES ? wanted : 0u;
    input->samples += *samples * *times;
    int16_t *const pcm = *samples > 0u ? malloc(*samples * sizeof *pcm) : NULL;
    int16_t pair[2] = {0, 0};
    for (size_t index = 0; index < *samples; ++index) {
        if (index % 16u == 0u) {
            const uint32_t high = fuzz_byte(input);
            const uint32_t value = high << 8 | fuzz_byte(input);
            pair[0] = (int16_t)((int32_t)value - 32768);
            pair[1] = (int16_t)(-1 - pair[0]);
        }
        pcm[index] = pair[index % 2u];
    }
    return pcm;
}

static inline void fuzz_guard(uint8_t guard[FUZZ_GUARD_BYTES]) {
    memset(guard, FUZZ_GUARD_VALUE, FUZZ_GUARD_BYTES);
}

static inline void fuzz_check_guard(const uint8_t guard[FUZZ_GUARD_BYTES]) {
    for (size_t index = 0; index < FUZZ_GUARD_BYTES; ++index) {
        FUZZ_CHECK(guard[index] == FUZZ_GUARD_VALUE);
    }
}

/** Called once by libFuzzer.
 * @param count of arguments
 * @param arguments of the program
 * @return 0 */
int LLVMFuzzerInitialize(int *count, char ***arguments);

/** Called by libFuzzer with each input.
 * @param data the input
 * @param size of it
 * @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
