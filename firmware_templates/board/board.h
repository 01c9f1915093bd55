/* What the application needs of a board. */
#ifndef BOARD_H
#define BOARD_H

/* Clock, console. Once, before anything else. */
void board_init(void);

/* Writes a text to the console. */
void board_print(const char *text);

/* Ends the program with an exit status; stops the core where there is nobody to take it. */
void board_exit(int status);

#endif
