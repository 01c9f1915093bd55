/** @file
 * What the application needs of a board. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/** @def BOARD_COLD
 * Functions that run once or seldom: compiled for size, whatever the rest is compiled for.
 * @def BOARD_END
 * The same of what never returns. */
#ifdef __GNUC__
#define BOARD_COLD __attribute__((cold))
#define BOARD_END __attribute__((cold, noreturn))
#else
#define BOARD_COLD
#define BOARD_END
#endif

/** Clock, console. Once, before anything else. */
BOARD_COLD void board_init(void);

/** Writes a text to the console.
 * @param text ends with '\\0' */
BOARD_COLD void board_print(const char *text);

/** A character that came from the console, 0 to 255; negative where none did. Never waits.
 * @return the character */
int board_console_read(void);

/** Calls a function every millisecond, from an interrupt, until it is stopped.
 * @param each_millisecond runs in the interrupt */
void board_tick_start(void (*each_millisecond)(void));

/** Ends the calls. */
void board_tick_stop(void);

/** Time since the tick was started, in microseconds; wraps round.
 * @return modulo 2^32 */
uint32_t board_microseconds(void);

/** Sleeps until an interrupt, or for less. */
void board_sleep(void);

/** Makes the LEDs' pins outputs, and all of them dark. Once, before `board_leds_show`. */
BOARD_COLD void board_leds_init(void);

/** Lights LEDs and darkens the others; nothing happens on a board that has none to spare. From any one context.
 * @param lit a bit for each LED, in the order of the board's description */
void board_leds_show(uint32_t lit);

/** Ends the program with an exit status; stops the core where there is nobody to take it.
 * @param status 0 where all went well */
BOARD_END void board_exit(int status);

#endif
