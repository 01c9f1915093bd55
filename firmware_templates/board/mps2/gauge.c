/* Instruction counter and stack gauge of the MPS2 boards in QEMU. */
#include "board_job.h"
#include "mps2.h"

/* QEMU's -icount shift=0 makes an instruction one nanosecond, and the timer ticks at 25 MHz. */
#define INSTRUCTIONS_PER_TICK 40u
#define INSTRUCTIONS_PER_STEP 41u
#define STACK_PATTERN 0xA5C3F00Du
/* Below the newest local variable, painting leaves its own frame alone. */
#define STACK_GUARD_BYTES 64u

extern uint32_t board_stack_limit[], board_stack_top[];

/* gauge_vernier.S: reads the timer every 41 instructions until two reads are two ticks apart instead of one. */
uint32_t board_vernier(volatile uint32_t *timer, uint32_t *steps);

void board_count_start(void) {
    MPS2_TIMER0_CTRL = 0u;
    MPS2_TIMER0_RELOAD = UINT32_MAX;
    MPS2_TIMER0_VALUE = UINT32_MAX;
    MPS2_TIMER0_CTRL = MPS2_TIMER_ENABLE;
}

/* One tick is 40 instructions. Each vernier step shifts the read by 41, that is by one instruction against the
 * ticks; the step at which a tick edge is crossed tells where within its tick the first read was. */
uint64_t board_count_stop(void) {
    uint32_t steps = 0u;
    const uint32_t value = board_vernier(&MPS2_TIMER0_VALUE, &steps);
    const uint64_t until_edge = (uint64_t)(UINT32_MAX - value) * INSTRUCTIONS_PER_TICK;
    return until_edge - (uint64_t)steps * INSTRUCTIONS_PER_STEP;
}

void board_stack_paint(void) {
    volatile uint32_t newest = 0u;
    const uintptr_t end = (uintptr_t)&newest - STACK_GUARD_BYTES;
    for (volatile uint32_t *word = board_stack_limit; (uintptr_t)word < end; ++word) {
        *word = STACK_PATTERN;
    }
}

size_t board_stack_used(void) {
    const volatile uint32_t *word = board_stack_limit;
    while (word < board_stack_top && *word == STACK_PATTERN) {
        ++word;
    }
    return (size_t)((const char *)board_stack_top - (const char *)word);
}
