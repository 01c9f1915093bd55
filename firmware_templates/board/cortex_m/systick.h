/** @file
 * The SysTick timer. */
#ifndef SYSTICK_H
#define SYSTICK_H

#include <stdint.h>

/** Counts the core's clock (in QEMU: the machine's) in turns of up to 2^24; calls a function after each, from the
 * exception, if it is not NULL.
 * @param counts_in_a_turn 1 to 2^24
 * @param each_turn runs in the exception; may be NULL */
void systick_start(uint32_t counts_in_a_turn, void (*each_turn)(void));

/** Counted since the start.
 * @return counts of the clock */
uint64_t systick_counted(void);

/** Ends the calls. */
void systick_stop(void);

#endif
