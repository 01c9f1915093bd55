/* Output pins of a PrimeCell GPIO (Arm DDI 0190, PL061) and of TI Stellaris: address bits 9 to 2 say which bits of the
 * data register are written. */
#include "board_parts.h"

void board_pin_write(uint32_t port, uint32_t pin, bool high) {
    const uint32_t bit = UINT32_C(1) << pin;
    BOARD_REGISTER(port + (bit << 2)) = high ? bit : 0u;
}
