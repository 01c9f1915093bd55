/** @file
 * What the parts of a board's support call of each other. */
#ifndef BOARD_PARTS_H
#define BOARD_PARTS_H

#include <stdbool.h>
#include <stdint.h>

/** The 32-bit register at an address. */
#define BOARD_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/** Raises the clock from what reset leaves.
 * @return the core's frequency in hertz, that of reset where an oscillator does not start */
uint32_t board_clock_init(void);

/** The core's frequency in hertz, from board_init on. */
extern uint32_t board_core_hz;

/** One past the highest word of the stack, from the linker script. */
extern uint32_t board_stack_top[];

/** Polls a register, for some ten milliseconds at most.
 * @param status the register
 * @param mask its bits
 * @param wanted what they shall be
 * @return whether they are */
bool board_wait_for(const volatile uint32_t *status, uint32_t mask, uint32_t wanted);

/** Sets the console up; its pins are connected already.
 * @param clock_hz of the console's own clock */
void board_console_init(uint32_t clock_hz);

#endif
