/** @file
 * Runs the job that an emulator left: a batch of model inputs, or a clip of audio. */
#ifndef SER_JOB_H
#define SER_JOB_H

#include "board.h"
#include "ser_status.h"

/** Needs board_job_open and ser_model_init first; writes the result, its end record last, and closes both.
 * @return SER_OK, or what went wrong */
BOARD_COLD ser_status_t ser_job_run(void);

#endif
