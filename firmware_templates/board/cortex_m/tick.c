/* A millisecond's tick on SysTick, and the time (Armv6-M to Armv8-M Architecture Reference Manuals). */
#include "board.h"
#include "board_parts.h"

#include <stddef.h>

#define CSR BOARD_REGISTER(0xE000E010u)
#define RVR BOARD_REGISTER(0xE000E014u)
#define CVR BOARD_REGISTER(0xE000E018u)
#define ENABLE_WITH_INTERRUPT_FROM_CORE_CLOCK 7u
#define MILLISECONDS_PER_SECOND 1000u
#define MICROSECONDS_PER_MILLISECOND 1000u

static void (*on_millisecond)(void);
static volatile uint32_t milliseconds;
static uint32_t counts; /* of the core's clock in a millisecond */

static void tick(void) {
    ++milliseconds;
    on_millisecond();
}

void board_tick_start(void (*each_millisecond)(void)) {
    CSR = 0u;
    milliseconds = 0u;
    on_millisecond = each_millisecond;
    board_on_systick = tick;
    counts = board_core_hz / MILLISECONDS_PER_SECOND;
    RVR = counts - 1u;
    CVR = 0u; /* any write clears it, and the first count loads it anew */
    CSR = ENABLE_WITH_INTERRUPT_FROM_CORE_CLOCK;
}

void board_tick_stop(void) {
    CSR = 0u;
}

uint32_t board_microseconds(void) {
    uint32_t whole;
    uint32_t left;
    do { /* until no tick falls between the two reads */
        whole = milliseconds;
        left = CVR;
    } while (whole != milliseconds);
    const uint32_t past = (counts - left) % counts;
    return whole * MICROSECONDS_PER_MILLISECOND + past * MICROSECONDS_PER_MILLISECOND / counts;
}

/* A tick that comes before the instruction is made up for by the next one. */
void board_sleep(void) {
    __asm__ volatile("wfi");
}
