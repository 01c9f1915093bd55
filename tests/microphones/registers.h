/* In place of board_parts.h: registers are memory of the test, found by their address. */
#ifndef BOARD_PARTS_H
#define BOARD_PARTS_H

#include <stdbool.h>
#include <stdint.h>

volatile uint32_t *test_register(uint32_t address);

#define BOARD_REGISTER(address) (*test_register(address))

extern uint32_t board_core_hz;
bool board_wait_for(const volatile uint32_t *status, uint32_t mask, uint32_t wanted);
void board_interrupt_enable(uint32_t number);
void board_microphone_connect(void);

#endif
