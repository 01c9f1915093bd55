/* How much of the stack was ever used: a pattern that calls overwrite. */
#include "board_job.h"
#include "board_parts.h"

#define PATTERN 0xA5C3F00Du
/* Below the newest local variable, painting leaves its own frame alone. */
#define GUARD_BYTES 64u

extern uint32_t board_stack_limit[];

void board_stack_paint(void) {
    volatile uint32_t newest = 0u;
    const uintptr_t end = (uintptr_t)&newest - GUARD_BYTES;
    for (volatile uint32_t *word = board_stack_limit; (uintptr_t)word < end; ++word) {
        *word = PATTERN;
    }
}

size_t board_stack_used(void) {
    const volatile uint32_t *word = board_stack_limit;
    while (word < board_stack_top && *word == PATTERN) {
        ++word;
    }
    return (size_t)((const char *)board_stack_top - (const char *)word);
}
