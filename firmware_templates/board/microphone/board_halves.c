#include "board_halves.h"

board_half_t board_halves_take(board_halves_t *halves, bool first_filled, bool second_filled) {
    board_half_t taken = {first_filled || second_filled, 0u, 0u};
    if (!taken.whole) {
        return taken;
    }
    if (first_filled && second_filled) {
        taken.half = 1u - halves->next;
    } else {
        taken.half = first_filled ? 0u : 1u;
    }
    taken.missed = taken.half == halves->next ? 0u : 1u;
    halves->next = 1u - taken.half;
    return taken;
}
