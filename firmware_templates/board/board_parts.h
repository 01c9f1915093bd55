/** @file
 * What the parts of a board's support call of each other. */
#ifndef BOARD_PARTS_H
#define BOARD_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#define BOARD_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/** Raises the clock from what reset leaves; returns the core's frequency in hertz, which is that of reset where an
 * oscillator does not start. */
uint32_t board_clock_init(void);

/** The core's frequency in hertz, from board_init on. */
extern uint32_t board_core_hz;

/** Polls a register until the bits of `mask` are as `wanted`; false after some ten milliseconds. */
bool board_wait_for(const volatile uint32_t *status, uint32_t mask, uint32_t wanted);

/** Sets the console up, whose own clock has this frequency; its pins are connected already. */
void board_console_init(uint32_t clock_hz);

#endif
