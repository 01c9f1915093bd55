/** @file
 * Lines that are typed on the board's console: taken by an interrupt, answered by the application when it has
 * time. */
#ifndef SER_CONSOLE_H
#define SER_CONSOLE_H

/** From the interrupt: takes the characters that came in, and waits for none. Until a whole line is answered, further
 * ones stay where they are, or are lost: what came in a millisecond fits few consoles. */
void ser_console_take(void);

/** A whole line that was not empty, without its end; NULL where there is none. Longer ones are cut.
 * @return valid until the next call */
const char *ser_console_line(void);

/** Forgets what was typed: at the start, and after a line was answered. */
void ser_console_reset(void);

#endif
