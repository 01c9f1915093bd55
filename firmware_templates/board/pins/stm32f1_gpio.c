/* Output pins of STM32F1 (ST RM0041, GPIO registers). */
#include "board_parts.h"

#define BSRR 0x10u

void board_pin_write(uint32_t port, uint32_t pin, bool high) {
    BOARD_REGISTER(port + BSRR) = UINT32_C(1) << (high ? pin : pin + 16u);
}
