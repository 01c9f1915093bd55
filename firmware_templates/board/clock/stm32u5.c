/* STM32U5: the internal oscillator MSIS to 24 MHz, the most that reset's voltage range (4) takes (ST RM0456, RCC and
 * FLASH registers; two wait states at 24 MHz in that range). */
#include "board_config.h"
#include "board_parts.h"

#define RCC_CR BOARD_REGISTER(0x46020C00u)
#define RCC_ICSCR1 BOARD_REGISTER(0x46020C08u)
#define FLASH_ACR BOARD_REGISTER(0x40022000u)
#define MSIS_READY (1u << 2)
#define MSIS_RANGE (15u << 28)
#define MSIS_24_MHZ (1u << 28)
#define RANGE_FROM_ICSCR1 (1u << 23)
#define WAIT_STATES 15u
#define TWO_WAIT_STATES 2u

#if BOARD_CLOCK_HZ != 24000000u
#error "the oscillator is set to 24 MHz"
#endif

uint32_t board_clock_init(void) {
    FLASH_ACR = (FLASH_ACR & ~WAIT_STATES) | TWO_WAIT_STATES;
    if (!board_wait_for(&FLASH_ACR, WAIT_STATES, TWO_WAIT_STATES) || !board_wait_for(&RCC_CR, MSIS_READY, MSIS_READY)) {
        return BOARD_RESET_CLOCK_HZ;
    }
    RCC_ICSCR1 = (RCC_ICSCR1 & ~MSIS_RANGE) | MSIS_24_MHZ | RANGE_FROM_ICSCR1;
    (void)board_wait_for(&RCC_CR, MSIS_READY, MSIS_READY);
    return BOARD_CLOCK_HZ;
}
