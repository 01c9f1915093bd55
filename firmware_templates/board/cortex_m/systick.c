/* Source: Armv6-M, Armv7-M and Armv8-M Architecture Reference Manuals. */
#include "systick.h"

#include "board_parts.h"

#include <stddef.h>

#define CSR BOARD_REGISTER(0xE000E010u)
#define RVR BOARD_REGISTER(0xE000E014u)
#define CVR BOARD_REGISTER(0xE000E018u)
#define ICSR BOARD_REGISTER(0xE000ED04u)
#define PENDSTSET (UINT32_C(1) << 26)
#define ENABLE 1u
#define ENABLE_WITH_INTERRUPT_FROM_CORE_CLOCK 7u

static void (*on_turn)(void);
static volatile uint32_t turns;
static uint32_t length;

void board_systick(void);

void board_systick(void) {
    ++turns;
    if (on_turn != NULL) {
        on_turn();
    }
}

void systick_start(uint32_t counts_in_a_turn, void (*each_turn)(void)) {
    CSR = 0u;
    turns = 0u;
    length = counts_in_a_turn;
    on_turn = each_turn;
    RVR = length - 1u;
    CVR = 0u; /* any write clears it, and the first count loads it anew */
    CSR = ENABLE_WITH_INTERRUPT_FROM_CORE_CLOCK;
    while (CVR == 0u) { /* from then on, 0 ends a turn */
    }
}

uint64_t systick_counted(void) {
    uint32_t seen;
    uint32_t left;
    uint32_t over; /* 1 where a turn is over whose exception is still to come */
    do { /* until no turn falls between the reads, and not at 0, which may be before a turn's end or after it */
        seen = turns;
        left = CVR;
        over = (ICSR & PENDSTSET) != 0u ? 1u : 0u;
        if (over != 0u) {
            left = CVR; /* read again: this is the turn after it, for certain */
        }
    } while (seen != turns || (left == 0u && (CSR & ENABLE) != 0u));
    return ((uint64_t)seen + over) * length + (length - left);
}

void systick_stop(void) {
    CSR = 0u;
}
