/** @file
 * What the application needs of a board. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Of functions that run once or seldom: compiled for size, whatever the rest is compiled for. */
#ifdef __GNUC__
#define BOARD_COLD __attribute__((cold))
#else
#define BOARD_COLD
#endif

/** Clock, console. Once, before anything else. */
BOARD_COLD void board_init(void);

/** Writes a text to the console. */
BOARD_COLD void board_print(const char *text);

/** A character that came from the console, 0 to 255; negative where none did. Never waits. */
int board_console_read(void);

/** Calls a function every millisecond, from an interrupt, until it is stopped. */
void board_tick_start(void (*each_millisecond)(void));
void board_tick_stop(void);

/** Time since the tick was started, in microseconds; wraps round. */
uint32_t board_microseconds(void);

/** Sleeps until an interrupt, or for less. */
void board_sleep(void);

/** Ends the program with an exit status; stops the core where there is nobody to take it. */
BOARD_COLD void board_exit(int status);

#endif
