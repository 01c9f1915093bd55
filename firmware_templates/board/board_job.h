/** @file
 * What an emulated board offers besides: a job left by the emulator, an instruction counter, a stack gauge. */
#ifndef BOARD_JOB_H
#define BOARD_JOB_H

#include "board.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Opens the job that the emulator left, and its result.
 * @return whether there is one */
BOARD_COLD bool board_job_open(void);

/** Reads the next bytes of the job.
 * @param data where they go
 * @param bytes how many
 * @return whether there were as many */
BOARD_COLD bool board_job_read(void *data, size_t bytes);

/** Appends to the result.
 * @param data what is written
 * @param bytes how many
 * @return whether they were written */
BOARD_COLD bool board_job_write(const void *data, size_t bytes);

/** Ends the result. */
BOARD_COLD void board_job_close(void);

/** Restarts the counter. */
void board_count_start(void);

/** Instructions executed since board_count_start, this pair of calls included.
 * @return how many */
uint64_t board_count_stop(void);

/** Fills the unused part of the stack with a pattern. */
void board_stack_paint(void);

/** Bytes of stack that were ever in use since board_stack_paint.
 * @return at most the stack's size */
BOARD_COLD size_t board_stack_used(void);

#endif
