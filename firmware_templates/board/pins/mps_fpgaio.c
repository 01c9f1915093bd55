/* User LEDs of Arm's MPS2 and MPS3 boards (Arm Application Notes AN385, AN505, AN547: FPGA system control and I/O). */
#include "board_parts.h"

#define LED0 0x00u

void board_pin_write(uint32_t port, uint32_t pin, bool high) {
    const uint32_t bit = UINT32_C(1) << pin;
    const uint32_t others = BOARD_REGISTER(port + LED0) & ~bit;
    BOARD_REGISTER(port + LED0) = high ? others | bit : others;
}
