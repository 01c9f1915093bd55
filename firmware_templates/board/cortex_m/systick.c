/* Source: Armv6-M, Armv7-M and Armv8-M Architecture Reference Manuals. */
#include "systick.h"

#include "board_parts.h"

#include <stddef.h>

#define CSR BOARD_REGISTER(0xE000E010u)
#define RVR BOARD_REGISTER(0xE000E014u)
#define CVR BOARD_REGISTER(0xE000E018u)
#define ICSR BOARD_REGISTER(0xE000ED04u)
#define PENDSTSET (UINT32_C(1) << 26)
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
    uint32_t counted; /* in the turn under way, and in one that is over, but whose exception is still to come */
    do {              /* until no turn falls between the reads */
        seen = turns;
        counted = length - CVR; /* 0 ends a turn: the exception comes with it, in QEMU a little later */
        if ((ICSR & PENDSTSET) != 0u) {
            counted = length + (length - CVR) % length; /* read again: this is the turn after it, for certain */
        }
    } while (seen != turns);
    return (uint64_t)seen * length + counted;
}

void systick_stop(void) {
    CSR = 0u;
}
