/** @file
 * Where sound comes from: interrupts bring it into the ring of ser_sound.h. */
#ifndef SER_SOURCE_H
#define SER_SOURCE_H

#include "ser_status.h"

#include <stdbool.h>

/** Begins to hear. After `ser_sound_reset` and `board_tick_start`.
 * @return SER_OK, or SER_ERROR_NOT_READY where the microphone does not answer */
ser_status_t ser_source_start(void);

/** Each millisecond, from the tick's interrupt. */
void ser_source_tick(void);

/** Whether all has been heard.
 * @return true once a recording has come to its end; never of a microphone */
bool ser_source_at_end(void);

#endif
