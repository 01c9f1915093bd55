/** @file
 * TIM3 of an STM32, whose update is its trigger output (ST RM0090, RM0390, RM0433, TIM2 to TIM5 registers). */
#ifndef BOARD_TIM3_H
#define BOARD_TIM3_H

#include <stdint.h>

/** Starts the timer.
 * @param clock_hz of the timer
 * @param rate_hz triggers a second, to the nearest that the clock divides to */
void board_tim3_start(uint32_t clock_hz, uint32_t rate_hz);

#endif
