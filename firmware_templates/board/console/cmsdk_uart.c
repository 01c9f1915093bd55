/* Console on a CMSDK APB UART (Arm DDI 0479, APB UART). */
#include "board.h"
#include "board_config.h"
#include "board_parts.h"

#define DATA BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x00u)
#define STATE BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x04u)
#define CTRL BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x08u)
#define BAUDDIV BOARD_REGISTER(BOARD_CONSOLE_BASE + 0x10u)
#define TX_FULL 1u
#define RX_FULL (1u << 1)
#define TX_AND_RX_ENABLE (1u | 1u << 1)

void board_console_init(uint32_t clock_hz) {
    BAUDDIV = clock_hz / BOARD_CONSOLE_BAUD;
    CTRL = TX_AND_RX_ENABLE;
}

void board_print(const char *text) {
    for (; *text != '\0'; ++text) {
        while ((STATE & TX_FULL) != 0u) {
        }
        DATA = (uint8_t)*text;
    }
}

int board_console_read(void) {
    return (STATE & RX_FULL) != 0u ? (int)(DATA & 0xFFu) : -1;
}
