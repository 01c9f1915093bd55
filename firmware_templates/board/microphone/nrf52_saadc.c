/* An analog microphone on the SAADC of Nordic's nRF52 (nRF52833 Product Specification, SAADC, PPI, TIMER and CLOCK):
 * TIMER1 takes a sample at each of its turns and EasyDMA stores it, both without the core. Each full half starts the
 * next one, and is counted by TIMER2, so that halves which nobody came for are known. */
#include "board_config.h"
#include "board_microphone.h"
#include "board_offset.h"
#include "board_parts.h"

#define CLOCK_HFCLKSTART BOARD_REGISTER(0x40000000u) /* the crystal: samples come at the rate that is asked for */

#define SAADC 0x40007000u
#define SAADC_START (SAADC + 0x000u)
#define SAADC_SAMPLE (SAADC + 0x004u)
#define SAADC_STARTED BOARD_REGISTER(SAADC + 0x100u)
#define SAADC_END (SAADC + 0x104u)
#define SAADC_INTENSET BOARD_REGISTER(SAADC + 0x304u)
#define SAADC_ENABLE BOARD_REGISTER(SAADC + 0x500u)
#define SAADC_PSELP BOARD_REGISTER(SAADC + 0x510u)
#define SAADC_CONFIG BOARD_REGISTER(SAADC + 0x518u)
#define SAADC_RESOLUTION BOARD_REGISTER(SAADC + 0x5F0u)
#define SAADC_PTR BOARD_REGISTER(SAADC + 0x62Cu)
#define SAADC_MAXCNT BOARD_REGISTER(SAADC + 0x630u)
#define ON_STARTED_AND_END 3u
#define ENABLED 1u
#define SINGLE_ENDED_INTERNAL_REFERENCE_10_US (2u << 16) /* 0.6 V over the gain is full scale */
#define TWELVE_BITS 2u

#define TIMER1 0x40009000u
#define TIMER2 0x4000A000u
#define TIMER_START 0x000u
#define TIMER_COUNT 0x008u
#define TIMER_CAPTURE_0 0x040u
#define TIMER_COMPARE_0 0x140u
#define TIMER_SHORTS 0x200u
#define TIMER_MODE 0x504u
#define TIMER_BITMODE 0x508u
#define TIMER_PRESCALER 0x510u
#define TIMER_CC_0 0x540u
#define TIMER_HZ 16000000u
#define COMPARE_0_CLEARS 1u
#define COUNTER 2u
#define THIRTY_TWO_BITS 3u

#define PPI 0x4001F000u
#define PPI_CHENSET BOARD_REGISTER(PPI + 0x504u)
#define PPI_EVENT(channel) BOARD_REGISTER(PPI + 0x510u + 8u * (channel))
#define PPI_TASK(channel) BOARD_REGISTER(PPI + 0x514u + 8u * (channel))
#define PPI_FORK(channel) BOARD_REGISTER(PPI + 0x910u + 4u * (channel))
#define CHANNELS_0_AND_1 3u

#define GAIN (16 * BOARD_MICROPHONE_GAIN) /* 12 bits to 16 */

static volatile int16_t captured[2][BOARD_MICROPHONE_HALF];
static uint32_t running; /* the half that is being filled */
static uint32_t pointed; /* the one that comes after it */
static uint32_t taken;   /* halves, modulo 2^32 */
static board_offset_t offset;
static board_heard_t on_heard;

static void point_at(uint32_t half) {
    pointed = half;
    SAADC_PTR = (uint32_t)(uintptr_t)captured[half];
}

static void start_timers(uint32_t rate_hz) {
    BOARD_REGISTER(TIMER1 + TIMER_BITMODE) = THIRTY_TWO_BITS;
    BOARD_REGISTER(TIMER1 + TIMER_PRESCALER) = 0u;
    BOARD_REGISTER(TIMER1 + TIMER_CC_0) = (TIMER_HZ + rate_hz / 2u) / rate_hz;
    BOARD_REGISTER(TIMER1 + TIMER_SHORTS) = COMPARE_0_CLEARS;
    BOARD_REGISTER(TIMER2 + TIMER_MODE) = COUNTER;
    BOARD_REGISTER(TIMER2 + TIMER_BITMODE) = THIRTY_TWO_BITS;
    BOARD_REGISTER(TIMER2 + TIMER_START) = 1u;
    PPI_EVENT(0u) = TIMER1 + TIMER_COMPARE_0;
    PPI_TASK(0u) = SAADC_SAMPLE;
    PPI_EVENT(1u) = SAADC_END;
    PPI_TASK(1u) = SAADC_START;
    PPI_FORK(1u) = TIMER2 + TIMER_COUNT;
    PPI_CHENSET = CHANNELS_0_AND_1;
}

bool board_microphone_start(uint32_t rate_hz, board_heard_t heard) {
    on_heard = heard;
    CLOCK_HFCLKSTART = 1u;
    board_microphone_connect();
    SAADC_RESOLUTION = TWELVE_BITS;
    SAADC_PSELP = BOARD_MICROPHONE_INPUT + 1u;
    SAADC_CONFIG = SINGLE_ENDED_INTERNAL_REFERENCE_10_US | BOARD_MICROPHONE_INPUT_GAIN << 8;
    SAADC_ENABLE = ENABLED;
    point_at(0u);
    SAADC_MAXCNT = BOARD_MICROPHONE_HALF;
    SAADC_INTENSET = ON_STARTED_AND_END;
    board_interrupt_enable(BOARD_MICROPHONE_INTERRUPT);
    start_timers(rate_hz);
    BOARD_REGISTER(SAADC_START) = 1u;
    BOARD_REGISTER(TIMER1 + TIMER_START) = 1u;
    return true;
}

static void hand_over(uint32_t half) {
    int16_t pcm[BOARD_MICROPHONE_HALF];
    BOARD_REGISTER(TIMER2 + TIMER_CAPTURE_0) = 1u;
    const uint32_t filled = BOARD_REGISTER(TIMER2 + TIMER_CC_0);
    const uint32_t missed = filled == taken ? 0u : filled - taken - 1u;
    taken = filled;
    for (size_t index = 0u; index < BOARD_MICROPHONE_HALF; ++index) {
        pcm[index] = board_offset_remove(&offset, (int32_t)captured[half][index], GAIN, 1);
    }
    on_heard(pcm, BOARD_MICROPHONE_HALF, missed * BOARD_MICROPHONE_HALF);
}

/* A half that is full has started the next, which goes where the pointer was: the other half, and, where nobody came in
 * time, there again. So the half that was running is whole. */
void board_microphone_interrupt(void) {
    const bool is_full = BOARD_REGISTER(SAADC_END) != 0u;
    const uint32_t full = running;
    BOARD_REGISTER(SAADC_END) = 0u;
    if (SAADC_STARTED != 0u) {
        SAADC_STARTED = 0u;
        running = pointed;
        point_at(1u - running);
    }
    if (is_full) {
        hand_over(full);
    }
}
