/* The desktop as a board: console on standard output. */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>

void board_init(void) {
}

void board_print(const char *text) {
    (void)fputs(text, stdout);
    (void)fflush(stdout);
}

void board_exit(int status) {
    exit(status);
}
