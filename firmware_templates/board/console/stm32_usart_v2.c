/* Console on a USART of the second kind: STM32L4, H7, U5 (ST RM0351, RM0433, RM0456, USART registers). */
#include "board.h"
#include "board_config.h"
#include "board_parts.h"

#define CR1 BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x00u)
#define BRR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x0Cu)
#define ISR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x1Cu)
#define TDR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x28u)
#define TX_EMPTY (1u << 7)
#define ENABLE_TX (1u | 1u << 3)

void board_console_init(uint32_t clock_hz) {
    BRR = clock_hz / BOARD_CONSOLE_BAUD;
    CR1 = ENABLE_TX;
}

void board_print(const char *text) {
    for (; *text != '\0'; ++text) {
        while ((ISR & TX_EMPTY) == 0u) {
        }
        TDR = (uint8_t)*text;
    }
}
