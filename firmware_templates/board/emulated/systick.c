/* Instruction counter on SysTick (Armv6-M to Armv8-M Architecture Reference Manuals), to one of its ticks. */
#include "board_config.h"
#include "board_job.h"
#include "board_parts.h"

#define CSR BOARD_REGISTER(0xE000E010u)
#define RVR BOARD_REGISTER(0xE000E014u)
#define CVR BOARD_REGISTER(0xE000E018u)
#define TICKS_PER_TURN 0x1000000u
#define ENABLE_WITH_INTERRUPT_FROM_CORE_CLOCK 7u
/* QEMU's -icount shift=0 makes an instruction one nanosecond. */
#define INSTRUCTIONS_PER_SECOND 1000000000u

static volatile uint32_t turns;

static void count_turn(void) {
    ++turns;
}

void board_count_start(void) {
    CSR = 0u;
    turns = 0u;
    board_on_systick = count_turn;
    RVR = TICKS_PER_TURN - 1u;
    CVR = 0u; /* any write clears it, and the first tick loads it anew */
    CSR = ENABLE_WITH_INTERRUPT_FROM_CORE_CLOCK;
}

uint64_t board_count_stop(void) {
    uint32_t seen;
    uint32_t left;
    do { /* until no turn falls between the two reads */
        seen = turns;
        left = CVR;
    } while (seen != turns);
    CSR = 0u;
    const uint64_t ticks = (uint64_t)seen * TICKS_PER_TURN + (TICKS_PER_TURN - left) % TICKS_PER_TURN;
    return ticks * INSTRUCTIONS_PER_SECOND / BOARD_COUNTER_HZ;
}
