#include "ser_console.h"

#include "board.h"

#include <stdbool.h>
#include <stddef.h>

#define MOST_CHARACTERS 15u
#define BACKSPACE 8
#define LINE_FEED 10
#define CARRIAGE_RETURN 13
#define DELETE 127

static volatile char line[MOST_CHARACTERS + 1u];
static volatile size_t length;
static volatile bool complete; /* then the line is the application's, else the interrupt's */

static void add(int character) {
    const size_t typed = length;
    if (character == CARRIAGE_RETURN || character == LINE_FEED) {
        line[typed] = '\0';
        complete = typed > 0u;
    } else if (character == BACKSPACE || character == DELETE) {
        length = typed > 0u ? typed - 1u : 0u;
    } else if (typed < MOST_CHARACTERS) {
        line[typed] = (char)character;
        length = typed + 1u;
    } else {
        /* The line is full: what is more of it is cut. */
    }
}

void ser_console_take(void) {
    while (!complete) {
        const int character = board_console_read();
        if (character < 0) {
            break;
        }
        add(character);
    }
}

const char *ser_console_line(void) {
    static char copy[MOST_CHARACTERS + 1u];
    if (!complete) {
        return NULL;
    }
    for (size_t at = 0; at <= length; ++at) {
        copy[at] = line[at];
    }
    return copy;
}

void ser_console_reset(void) {
    length = 0u;
    complete = false; /* last: from here on the interrupt writes */
}
