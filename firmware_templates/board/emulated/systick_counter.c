/* Instruction counter on SysTick, to one of its counts. */
#include "systick.h"

#include "board_config.h"
#include "board_job.h"

#include <stddef.h>

#define LONGEST_TURN 0x1000000u
/* QEMU's -icount shift=0 makes an instruction one nanosecond. */
#define INSTRUCTIONS_PER_SECOND 1000000000u

void board_count_start(void) {
    systick_start(LONGEST_TURN, NULL);
}

uint64_t board_count_stop(void) {
    const uint64_t counted = systick_counted();
    systick_stop();
    return counted * INSTRUCTIONS_PER_SECOND / BOARD_COUNTER_HZ;
}
