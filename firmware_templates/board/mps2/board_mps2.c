/* Console of the Arm MPS2 boards: CMSDK UART 0. */
#include "board.h"
#include "mps2.h"

#define SHORTEST_DIVIDER 16u

void board_init(void) {
    MPS2_UART0_BAUDDIV = SHORTEST_DIVIDER;
    MPS2_UART0_CTRL = MPS2_UART_TX_ENABLE;
}

void board_print(const char *text) {
    for (; *text != '\0'; ++text) {
        while ((MPS2_UART0_STATE & MPS2_UART_TX_FULL) != 0u) {
        }
        MPS2_UART0_DATA = (uint8_t)*text;
    }
}
