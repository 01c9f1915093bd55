/* Instruction counter on CMSDK APB timer 0 (Arm DDI 0479, APB timer), which counts down at 25 MHz. */
#include "board_config.h"
#include "board_job.h"
#include "board_parts.h"

#define CTRL BOARD_REGISTER(0x40000000u)
#define VALUE BOARD_REGISTER(0x40000004u)
#define RELOAD BOARD_REGISTER(0x40000008u)
#define ENABLE 1u

/* QEMU's -icount shift=0 makes an instruction one nanosecond. */
#define INSTRUCTIONS_PER_TICK 40u
#define INSTRUCTIONS_PER_STEP 41u
#if BOARD_COUNTER_HZ * INSTRUCTIONS_PER_TICK != 1000000000u
#error "the vernier takes a timer of 25 MHz"
#endif

/* cmsdk_timer_vernier.S: reads the timer every 41 instructions until two reads are two ticks apart instead of one. */
uint32_t board_vernier(volatile uint32_t *timer, uint32_t *steps);

void board_count_start(void) {
    CTRL = 0u;
    RELOAD = UINT32_MAX;
    VALUE = UINT32_MAX;
    CTRL = ENABLE;
}

/* One tick is 40 instructions. Each vernier step shifts the read by 41, that is by one instruction against the
 * ticks; the step at which a tick edge is crossed tells where within its tick the first read was. */
uint64_t board_count_stop(void) {
    uint32_t steps = 0u;
    const uint32_t value = board_vernier(&VALUE, &steps);
    const uint64_t until_edge = (uint64_t)(UINT32_MAX - value) * INSTRUCTIONS_PER_TICK;
    return until_edge - (uint64_t)steps * INSTRUCTIONS_PER_STEP;
}
