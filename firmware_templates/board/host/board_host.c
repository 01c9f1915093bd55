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

/* Standard C cannot look whether somebody typed. */
int board_console_read(void) {
    return -1;
}

/* Time is that of the sound, which is never waited for: sleeping for a millisecond is ticking at once. */
static void (*on_millisecond)(void);
static uint32_t milliseconds;

void board_tick_start(void (*each_millisecond)(void)) {
    on_millisecond = each_millisecond;
    milliseconds = 0u;
}

void board_tick_stop(void) {
    on_millisecond = NULL;
}

uint32_t board_microseconds(void) {
    return milliseconds * 1000u;
}

void board_sleep(void) {
    ++milliseconds;
    on_millisecond();
}

void board_leds_init(void) {
}

void board_leds_show(uint32_t lit) {
    (void)lit;
}

void board_exit(int status) {
    exit(status);
}
