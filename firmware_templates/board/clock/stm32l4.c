/* STM32L4: the 4 MHz internal oscillator and PLL to 80 MHz (ST RM0351, RCC and FLASH registers). */
#include "board_config.h"
#include "board_parts.h"

#define RCC_CR BOARD_REGISTER(0x40021000u)
#define RCC_CFGR BOARD_REGISTER(0x40021008u)
#define RCC_PLLCFGR BOARD_REGISTER(0x4002100Cu)
#define FLASH_ACR BOARD_REGISTER(0x40022000u)
#define PLL_ON (1u << 24)
#define PLL_READY (1u << 25)
#define PLL_FROM_MSI 1u
#define PLL_OUTPUT_ON (1u << 24) /* the divider of that output is 2 with 0 in its field */
#define CACHES_AND_4_WAIT_STATES (1u << 10 | 1u << 9 | 1u << 8 | 4u)
#define SYSTEM_FROM_PLL 3u
#define SYSTEM_STATUS (3u << 2)
#define SYSTEM_IS_PLL (3u << 2)

#define PLL_N (2u * BOARD_CLOCK_HZ / BOARD_RESET_CLOCK_HZ)

uint32_t board_clock_init(void) {
    RCC_PLLCFGR = PLL_FROM_MSI | PLL_N << 8 | PLL_OUTPUT_ON;
    RCC_CR |= PLL_ON;
    if (!board_wait_for(&RCC_CR, PLL_READY, PLL_READY)) {
        return BOARD_RESET_CLOCK_HZ;
    }
    FLASH_ACR = CACHES_AND_4_WAIT_STATES;
    RCC_CFGR = SYSTEM_FROM_PLL;
    return board_wait_for(&RCC_CFGR, SYSTEM_STATUS, SYSTEM_IS_PLL) ? BOARD_CLOCK_HZ : BOARD_RESET_CLOCK_HZ;
}
