/** @file
 * Numbers and texts on the board's console, without printf. */
#ifndef SER_PRINT_H
#define SER_PRINT_H

#include "board.h"

#include <stdint.h>

/** A text, a number, a text.
 * @param before what comes first
 * @param value in decimals
 * @param after what comes last */
BOARD_COLD void ser_print_number(const char *before, int32_t value, const char *after);

/** A number times 1/1000, with three decimals.
 * @param before what comes first
 * @param value in thousandths
 * @param after what comes last */
BOARD_COLD void ser_print_thousandths(const char *before, int32_t value, const char *after);

/** A text in quotes, as JSON has them.
 * @param text UTF-8 */
BOARD_COLD void ser_print_quoted(const char *text);

#endif
