/* Console on a USART of the second kind: STM32L4, H7, U5 (ST RM0351, RM0433, RM0456, USART registers). */
#include "board.h"
#include "board_config.h"
#include "board_parts.h"

#define CR1 BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x00u)
#define CR3 BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x08u)
#define BRR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x0Cu)
#define ISR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x1Cu)
#define RDR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x24u)
#define TDR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x28u)
#define RX_FULL (1u << 5)
#define TX_EMPTY (1u << 7)
#define ENABLE_TX_AND_RX (1u | 1u << 3 | 1u << 2)
#define NO_OVERRUN (1u << 12) /* a character that nobody took gives way to the next */

void board_console_init(uint32_t clock_hz) {
    BRR = clock_hz / BOARD_CONSOLE_BAUD;
    CR3 = NO_OVERRUN;
    CR1 = ENABLE_TX_AND_RX;
}

void board_print(const char *text) {
    for (; *text != '\0'; ++text) {
        while ((ISR & TX_EMPTY) == 0u) {
        }
        TDR = (uint8_t)*text;
    }
}

int board_console_read(void) {
    return (ISR & RX_FULL) != 0u ? (int)(RDR & 0xFFu) : -1;
}
