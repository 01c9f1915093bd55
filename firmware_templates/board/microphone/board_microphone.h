/** @file
 * The board's microphone: interrupts bring halves of a double buffer that the hardware fills. */
#ifndef BOARD_MICROPHONE_H
#define BOARD_MICROPHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Samples that come at a time: what half of the double buffer holds. */
#define BOARD_MICROPHONE_HALF 128u

/** Takes what was heard; called from the microphone's interrupt.
 * @param pcm mono samples, without the microphone's offset
 * @param samples how many
 * @param lost samples besides that the hardware wrote over before anybody came; at least */
typedef void (*board_heard_t)(const int16_t *pcm, size_t samples, size_t lost);

/** Starts the microphone, which never stops. Once, after board_init.
 * @param rate_hz samples a second
 * @param heard gets them, from an interrupt
 * @return false where the hardware does not answer */
bool board_microphone_start(uint32_t rate_hz, board_heard_t heard);

/** The interrupt, in the vector table. */
void board_microphone_interrupt(void);

#endif
