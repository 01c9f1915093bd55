/* Console on a USART of the first kind: STM32F1, F2, F4 (ST RM0008, RM0090, USART registers). */
#include "board.h"
#include "board_config.h"
#include "board_parts.h"

#define SR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x00u)
#define DR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x04u)
#define BRR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x08u)
#define CR1 BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x0Cu)
#define TX_EMPTY (1u << 7)
#define ENABLE_TX (1u << 13 | 1u << 3)

void board_console_init(uint32_t clock_hz) {
    BRR = clock_hz / BOARD_CONSOLE_BAUD;
    CR1 = ENABLE_TX;
}

void board_print(const char *text) {
    for (; *text != '\0'; ++text) {
        while ((SR & TX_EMPTY) == 0u) {
        }
        DR = (uint8_t)*text;
    }
}
