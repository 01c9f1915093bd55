/** @file
 * Halves of a circular buffer: the hardware fills one while the other is read. */
#ifndef BOARD_HALVES_H
#define BOARD_HALVES_H

#include <stdbool.h>
#include <stddef.h>

/** Which half is expected next: 0 or 1; all zero at the start. */
typedef struct {
    size_t next; /**< the half */
} board_halves_t;

/** What an interrupt finds: nothing, or a half to read, and how many were missed before. */
typedef struct {
    bool whole;    /**< whether there is one to read */
    size_t half;   /**< which, 0 or 1 */
    size_t missed; /**< halves that were written over unread */
} board_half_t;

/** Which half to read. Where both are marked as filled, the one that was expected is being written over by now.
 * @param halves what was read so far
 * @param first_filled whether the first half was filled since the last call
 * @param second_filled whether the second was
 * @return the half to read, and halves missed; more cannot be seen where several turns were missed */
board_half_t board_halves_take(board_halves_t *halves, bool first_filled, bool second_filled);

#endif
