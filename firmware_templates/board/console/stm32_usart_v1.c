/* Console on a USART of the first kind: STM32F1, F2, F4 (ST RM0008, RM0090, USART registers). */
#include "board.h"
#include "board_config.h"
#include "board_parts.h"

#define SR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x00u)
#define DR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x04u)
#define BRR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x08u)
#define CR1 BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x0Cu)
#define RX_FULL (1u << 5)
#define TX_EMPTY (1u << 7)
#define ENABLE_TX_AND_RX (1u << 13 | 1u << 3 | 1u << 2)

void board_console_init(uint32_t clock_hz) {
    BRR = clock_hz / BOARD_CONSOLE_BAUD;
    CR1 = ENABLE_TX_AND_RX;
}

void board_print(const char *text) {
    for (; *text != '\0'; ++text) {
        while ((SR & TX_EMPTY) == 0u) {
        }
        DR = (uint8_t)*text;
    }
}

/* Reading SR, then DR, also ends an overrun. */
int board_console_read(void) {
    return (SR & RX_FULL) != 0u ? (int)(DR & 0xFFu) : -1;
}
