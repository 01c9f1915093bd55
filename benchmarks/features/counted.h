/* Counts the instructions of calls and leaves the figures as 64-bit numbers in result.bin. */
#ifndef COUNTED_H
#define COUNTED_H

#include "board.h"
#include "board_job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void fill_with_noise(int16_t *samples, size_t count) {
    uint32_t state = 1u;
    for (size_t index = 0; index < count; ++index) {
        state = state * 1664525u + 1013904223u;
        samples[index] = (int16_t)((int32_t)(state >> 18) - 8192);
    }
}

static inline bool count_parts(void (*const *parts)(const int16_t *), size_t count, const int16_t *pcm) {
    board_init();
    bool written = board_job_open();
    board_count_start();
    const uint64_t overhead = board_count_stop();
    for (size_t part = 0; part < count; ++part) {
        board_count_start();
        parts[part](pcm);
        const uint64_t instructions = board_count_stop() - overhead;
        written = written && board_job_write(&instructions, sizeof instructions);
    }
    board_job_close();
    return written;
}

#endif
