/* Console on a PrimeCell UART (Arm DDI 0183, PL011). */
#include "board.h"
#include "board_config.h"
#include "board_parts.h"

#define DR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x00u)
#define FR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x18u)
#define IBRD BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x24u)
#define FBRD BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x28u)
#define LCRH BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x2Cu)
#define CR BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x30u)
#define RX_EMPTY (1u << 4)
#define TX_FULL (1u << 5)
#define EIGHT_BITS_WITH_FIFO (7u << 4)
#define ENABLE_TX_AND_RX (1u | 1u << 8 | 1u << 9)

void board_console_init(uint32_t clock_hz) {
    /* Clock over 16 times the baud rate, in 64ths. */
    const uint32_t divisor = clock_hz * 4u / BOARD_CONSOLE_BAUD;
    CR = 0u;
    IBRD = divisor / 64u;
    FBRD = divisor % 64u;
    LCRH = EIGHT_BITS_WITH_FIFO;
    CR = ENABLE_TX_AND_RX;
}

void board_print(const char *text) {
    for (; *text != '\0'; ++text) {
        while ((FR & TX_FULL) != 0u) {
        }
        DR = (uint8_t)*text;
    }
}

int board_console_read(void) {
    return (FR & RX_EMPTY) == 0u ? (int)(DR & 0xFFu) : -1; /* above it, DR has what was wrong with the character */
}
