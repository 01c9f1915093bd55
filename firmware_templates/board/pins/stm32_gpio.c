/* Output pins of STM32F4, L4, H7, U5 (ST RM0090, RM0351, RM0433, RM0456, GPIO registers). */
#include "board_parts.h"

#define BSRR 0x18u

void board_pin_write(uint32_t port, uint32_t pin, bool high) {
    BOARD_REGISTER(port + BSRR) = UINT32_C(1) << (high ? pin : pin + 16u);
}
