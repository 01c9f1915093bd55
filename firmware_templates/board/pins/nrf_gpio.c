/* Output pins of Nordic's nRF51 and nRF52 (nRF51 Series Reference Manual, nRF52833 Product Specification, GPIO). */
#include "board_parts.h"

#define OUTSET 0x508u
#define OUTCLR 0x50Cu

void board_pin_write(uint32_t port, uint32_t pin, bool high) {
    BOARD_REGISTER(port + (high ? OUTSET : OUTCLR)) = UINT32_C(1) << pin;
}
