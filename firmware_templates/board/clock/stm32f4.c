/* STM32F405, F407, F446: crystal and PLL to 168 MHz (ST RM0090 and RM0390, RCC, PWR and FLASH registers; limits of APB1
 * 42 MHz, APB2 84 MHz). */
#include "board_config.h"
#include "board_parts.h"

#define RCC_CR BOARD_REGISTER(0x40023800u)
#define RCC_PLLCFGR BOARD_REGISTER(0x40023804u)
#define RCC_CFGR BOARD_REGISTER(0x40023808u)
#define RCC_APB1ENR BOARD_REGISTER(0x40023840u)
#define PWR_CR BOARD_REGISTER(0x40007000u)
#define FLASH_ACR BOARD_REGISTER(0x40023C00u)
#define HSE_ON (1u << 16)
#define HSE_READY (1u << 17)
#define PLL_ON (1u << 24)
#define PLL_READY (1u << 25)
#define PLL_FROM_HSE (1u << 22)
#define POWER_CLOCK (1u << 28)
#define REGULATOR_SCALE_1 (1u << 14)
#define CACHES_AND_5_WAIT_STATES (1u << 10 | 1u << 9 | 1u << 8 | 5u)
#define AHB_1_APB1_4_APB2_2 (5u << 10 | 4u << 13)
#define SYSTEM_FROM_PLL 2u
#define SYSTEM_STATUS (3u << 2)
#define SYSTEM_IS_PLL (2u << 2)

/* The PLL divides the crystal to 1 MHz, multiplies that to twice the core's clock and halves it again. */
#define PLL_M (BOARD_CRYSTAL_HZ / 1000000u)
#define PLL_N (BOARD_CLOCK_HZ / 1000000u * 2u)
#define PLL_Q 7u
#define PLL_RESERVED (2u << 28) /* as reset leaves it; divider of a further output in the F446 */

uint32_t board_clock_init(void) {
    RCC_CR |= HSE_ON;
    if (!board_wait_for(&RCC_CR, HSE_READY, HSE_READY)) {
        return BOARD_RESET_CLOCK_HZ;
    }
    RCC_APB1ENR |= POWER_CLOCK;
    PWR_CR |= REGULATOR_SCALE_1;
    RCC_PLLCFGR = PLL_M | PLL_N << 6 | PLL_FROM_HSE | PLL_Q << 24 | PLL_RESERVED;
    RCC_CR |= PLL_ON;
    if (!board_wait_for(&RCC_CR, PLL_READY, PLL_READY)) {
        return BOARD_RESET_CLOCK_HZ;
    }
    FLASH_ACR = CACHES_AND_5_WAIT_STATES;
    RCC_CFGR = AHB_1_APB1_4_APB2_2 | SYSTEM_FROM_PLL;
    return board_wait_for(&RCC_CFGR, SYSTEM_STATUS, SYSTEM_IS_PLL) ? BOARD_CLOCK_HZ : BOARD_RESET_CLOCK_HZ;
}
