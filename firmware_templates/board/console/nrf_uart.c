/* Console on the UART of Nordic's nRF51 and nRF52 (nRF51 Series Reference Manual, nRF52840 Product Specification,
 * UART). */
#include "board.h"
#include "board_config.h"
#include "board_parts.h"

#define TASKS_STARTRX BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x000u)
#define TASKS_STARTTX BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x008u)
#define EVENTS_RXDRDY BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x108u)
#define EVENTS_TXDRDY BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x11Cu)
#define ENABLE BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x500u)
#define RXD BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x518u)
#define TXD BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x51Cu)
#define BAUDRATE BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x524u)
#define ENABLED 4u
#define REFERENCE_HZ 16000000u /* the baud rate generator always runs on the 16 MHz clock */

void board_console_init(uint32_t clock_hz) {
    (void)clock_hz;
    /* In 2^32 parts of the reference, of which the UART uses the upper 20 bits. */
    BAUDRATE = (uint32_t)(((uint64_t)BOARD_CONSOLE_BAUD << 32) / REFERENCE_HZ + 0x800u) & 0xFFFFF000u;
    ENABLE = ENABLED;
    TASKS_STARTTX = 1u;
    TASKS_STARTRX = 1u;
}

void board_print(const char *text) {
    for (; *text != '\0'; ++text) {
        EVENTS_TXDRDY = 0u;
        TXD = (uint8_t)*text;
        while (EVENTS_TXDRDY == 0u) {
        }
    }
}

/* The event first: RXD takes the next character out of the FIFO, which sets it anew. */
int board_console_read(void) {
    if (EVENTS_RXDRDY == 0u) {
        return -1;
    }
    EVENTS_RXDRDY = 0u;
    return (int)(RXD & 0xFFu);
}
