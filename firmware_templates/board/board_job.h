/** @file
 * What an emulated board offers besides: a job left by the emulator, an instruction counter, a stack gauge. */
#ifndef BOARD_JOB_H
#define BOARD_JOB_H

#include "board.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** True when the emulator left a job; opens it and its result. */
BOARD_COLD bool board_job_open(void);

/** Reads exactly `bytes` bytes of the job; false when there are fewer. */
BOARD_COLD bool board_job_read(void *data, size_t bytes);

/** Appends to the result; false when it cannot be written. */
BOARD_COLD bool board_job_write(const void *data, size_t bytes);

BOARD_COLD void board_job_close(void);

/** Restarts the counter. */
void board_count_start(void);

/** Instructions executed since board_count_start, this pair of calls included. */
uint64_t board_count_stop(void);

/** Fills the unused part of the stack with a pattern. */
void board_stack_paint(void);

/** Bytes of stack that were ever in use since board_stack_paint. */
BOARD_COLD size_t board_stack_used(void);

#endif
