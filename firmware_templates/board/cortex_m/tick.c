/* A millisecond's tick, the time, and sleep. */
#include "board.h"
#include "board_parts.h"
#include "systick.h"

#define MILLISECONDS_PER_SECOND 1000u
#define MICROSECONDS_PER_SECOND 1000000u

void board_tick_start(void (*each_millisecond)(void)) {
    systick_start(board_core_hz / MILLISECONDS_PER_SECOND, each_millisecond);
}

void board_tick_stop(void) {
    systick_stop();
}

uint32_t board_microseconds(void) {
    return (uint32_t)(systick_counted() * MICROSECONDS_PER_SECOND / board_core_hz);
}

/* A tick that comes before the instruction is made up for by the next one. */
void board_sleep(void) {
    __asm__ volatile("wfi");
}
