/* A digital microphone on channel 2 of the DFSDM of an STM32L4: its clock is the microphone's, its sinc filter of
 * fourth order makes 64 kHz of the bits, and channel 4 of DMA1 stores them (ST RM0351, DFSDM and DMA registers; request
 * 0 of that channel is the first filter's). The last filter is software. */
#include "board_config.h"
#include "board_decimator.h"
#include "board_halves.h"
#include "board_microphone.h"
#include "board_offset.h"
#include "board_parts.h"

#define DFSDM 0x40016000u
#define CHANNEL_0_CFGR1 BOARD_REGISTER(DFSDM + 0x00u)
#define CHANNEL_2_CFGR1 BOARD_REGISTER(DFSDM + 0x40u)
#define FILTER_CR1 BOARD_REGISTER(DFSDM + 0x100u)
#define FILTER_FCR BOARD_REGISTER(DFSDM + 0x114u)
#define FILTER_RDATAR (DFSDM + 0x11Cu)
#define DFSDM_ON (1u << 31)
#define CLOCK_DIVIDER(divider) (((divider) - 1u) << 16)
#define CHANNEL_ON (1u << 7)
#define CLOCK_IS_OUTPUT (1u << 2)
#define RISING_EDGE 0u
#define SINC_4 (4u << 29)
#define DECIMATION(ratio) (((ratio) - 1u) << 16)
#define FAST (1u << 29)
#define FROM_CHANNEL_2 (2u << 24)
#define TO_DMA (1u << 21)
#define CONTINUOUS (1u << 18)
#define START (1u << 17)
#define FILTER_ON 1u

#define DMA1 0x40020000u
#define DMA_ISR BOARD_REGISTER(DMA1 + 0x00u)
#define DMA_IFCR BOARD_REGISTER(DMA1 + 0x04u)
#define DMA_C4CR BOARD_REGISTER(DMA1 + 0x44u)
#define DMA_C4NDTR BOARD_REGISTER(DMA1 + 0x48u)
#define DMA_C4PAR BOARD_REGISTER(DMA1 + 0x4Cu)
#define DMA_C4MAR BOARD_REGISTER(DMA1 + 0x50u)
#define DMA_CSELR BOARD_REGISTER(DMA1 + 0xA8u)
#define REQUEST_4 (15u << 12)
#define ALL_FILLED (1u << 13)
#define HALF_FILLED (1u << 14)
#define HIGH_PRIORITY (2u << 12)
#define WORDS_OF_32_BITS (2u << 10 | 2u << 8)
#define MEMORY_MOVES_ON (1u << 7)
#define CIRCULAR (1u << 5)
#define INTERRUPTS (1u << 2 | 1u << 1) /* half filled, all filled */
#define DMA_ON 1u

#define RATE_HZ 16000u /* that the clock is set for */
#define RATIO BOARD_MICROPHONE_DECIMATION
#define FULL_SCALE (RATIO * RATIO * RATIO * RATIO * (uint32_t)BOARD_DECIMATOR_GAIN) /* of a stream of ones */
#define HALF_WORDS (BOARD_MICROPHONE_HALF * BOARD_DECIMATOR_RATIO)
#define SIGN 0x800000u /* of 24 bits */

static volatile uint32_t captured[2][HALF_WORDS];
static board_halves_t halves;
static board_decimator_t decimator;
static board_offset_t offset;
static board_heard_t on_heard;

static void start_dma(void) {
    const uint32_t settings = HIGH_PRIORITY | WORDS_OF_32_BITS | MEMORY_MOVES_ON | CIRCULAR | INTERRUPTS;
    DMA_C4CR = 0u;
    DMA_CSELR &= ~REQUEST_4;
    DMA_C4NDTR = 2u * HALF_WORDS;
    DMA_C4PAR = FILTER_RDATAR;
    DMA_C4MAR = (uint32_t)(uintptr_t)captured;
    DMA_C4CR = settings;
    DMA_C4CR = settings | DMA_ON;
}

static void start_filter(void) {
    const uint32_t settings = FAST | FROM_CHANNEL_2 | TO_DMA | CONTINUOUS;
    CHANNEL_0_CFGR1 = CLOCK_DIVIDER(BOARD_MICROPHONE_CLOCK_DIVIDER);
    CHANNEL_0_CFGR1 |= DFSDM_ON;
    CHANNEL_2_CFGR1 = CLOCK_IS_OUTPUT | RISING_EDGE;
    CHANNEL_2_CFGR1 |= CHANNEL_ON;
    FILTER_FCR = SINC_4 | DECIMATION(RATIO);
    FILTER_CR1 = settings;
    FILTER_CR1 = settings | FILTER_ON;
    FILTER_CR1 = settings | FILTER_ON | START;
}

bool board_microphone_start(uint32_t rate_hz, board_heard_t heard) {
    on_heard = heard;
    board_microphone_connect();
    if (rate_hz != RATE_HZ || board_core_hz != BOARD_CLOCK_HZ) {
        return false;
    }
    start_dma();
    board_interrupt_enable(BOARD_MICROPHONE_INTERRUPT);
    start_filter();
    return true;
}

/* The upper 24 bits, with their sign; the others say which channel it was. */
static int32_t value(uint32_t word) {
    const int32_t code = (int32_t)(word >> 8);
    return (word >> 8) < SIGN ? code : code - 2 * (int32_t)SIGN;
}

void board_microphone_interrupt(void) {
    const uint32_t flags = DMA_ISR & (HALF_FILLED | ALL_FILLED);
    DMA_IFCR = flags;
    const board_half_t taken = board_halves_take(&halves, (flags & HALF_FILLED) != 0u, (flags & ALL_FILLED) != 0u);
    if (!taken.whole) {
        return;
    }
    int16_t pcm[BOARD_MICROPHONE_HALF];
    const volatile uint32_t *word = captured[taken.half];
    for (size_t index = 0u; index < BOARD_MICROPHONE_HALF; ++index) {
        for (size_t count = 0u; count < BOARD_DECIMATOR_RATIO; ++count) {
            board_decimator_take(&decimator, value(*word));
            ++word;
        }
        const int32_t sample = board_decimator_sample(&decimator);
        pcm[index] = board_offset_remove(&offset, sample, BOARD_MICROPHONE_GAIN, (int32_t)(FULL_SCALE / 32768u));
    }
    on_heard(pcm, BOARD_MICROPHONE_HALF, taken.missed * BOARD_MICROPHONE_HALF);
}
