#include "board_tim3.h"

#include "board_parts.h"

#define TIM3 0x40000400u
#define CR1 BOARD_REGISTER(TIM3 + 0x00u)
#define CR2 BOARD_REGISTER(TIM3 + 0x04u)
#define EGR BOARD_REGISTER(TIM3 + 0x14u)
#define PSC BOARD_REGISTER(TIM3 + 0x28u)
#define ARR BOARD_REGISTER(TIM3 + 0x2Cu)
#define UPDATE_TRIGGERS (2u << 4)
#define UPDATE 1u
#define COUNT 1u

void board_tim3_start(uint32_t clock_hz, uint32_t rate_hz) {
    CR1 = 0u;
    PSC = 0u;
    ARR = (clock_hz + rate_hz / 2u) / rate_hz - 1u;
    CR2 = UPDATE_TRIGGERS;
    EGR = UPDATE;
    CR1 = COUNT;
}
