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

/** Lets an interrupt through.
 * @param number of the interrupt, without the 16 system exceptions */
void board_interrupt_enable(uint32_t number);

/** Connects pins and clocks of the microphone, as the board's description says. */
void board_microphone_connect(void);

/** Drives an output pin.
 * @param port base address of the port's registers
 * @param pin number of the pin in its port
 * @param high its level */
void board_pin_write(uint32_t port, uint32_t pin, bool high);

#endif
