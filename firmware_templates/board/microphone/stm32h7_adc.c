/* An analog microphone on ADC1 of an STM32H7: TIM3 starts each conversion of 16 bits, stream 0 of DMA1 fills a circular
 * buffer (ST RM0433, ADC, TIM2 to TIM5, DMA and DMAMUX registers; request 9 of the DMAMUX is ADC1's). The data cache is
 * off, as reset leaves it: what DMA writes is what the core reads. */
#include "board_config.h"
#include "board_dma_stream.h"
#include "board_microphone.h"
#include "board_offset.h"
#include "board_parts.h"
#include "board_tim3.h"

#define ADC1 0x40022000u
#define ADC_ISR BOARD_REGISTER(ADC1 + 0x00u)
#define ADC_CR BOARD_REGISTER(ADC1 + 0x08u)
#define ADC_CFGR BOARD_REGISTER(ADC1 + 0x0Cu)
#define ADC_SMPR1 BOARD_REGISTER(ADC1 + 0x14u)
#define ADC_SMPR2 BOARD_REGISTER(ADC1 + 0x18u) /* channels 10 and up */
#define ADC_PCSEL BOARD_REGISTER(ADC1 + 0x1Cu)
#define ADC_SQR1 BOARD_REGISTER(ADC1 + 0x30u)
#define ADC_DR (ADC1 + 0x40u)
#define ADC_CCR BOARD_REGISTER(ADC1 + 0x308u)
#define CLOCK_OF_BUS_BY_4 (3u << 16)
#define BOOST (1u << 8) /* for 6 to 13 MHz; the first chips, which divide less, take it for more than 20 */
#define REGULATOR_ON (1u << 28)
#define DEEP_SLEEP (1u << 29)
#define CALIBRATE (1u << 31)
#define READY 1u
#define ADC_ON 1u
#define ADC_START (1u << 2)
#define KEEP_NEWEST (1u << 12)
#define RISING_EDGE (1u << 10)
#define TRIGGER_TIM3 (4u << 5)
#define SIXTEEN_BITS 0u
#define DMA_CIRCULAR 3u
#define SAMPLE_64_CYCLES 5u /* 64.5 */
#define CHANNELS_IN_SMPR1 10u
#define REGULATOR_US 10u
#define CORE_CYCLES_A_POLL 4u /* at least */

#define DMAMUX_C0CR BOARD_REGISTER(0x40020800u)
#define REQUEST_ADC1 9u
#define DMA1 0x40020000u

static const board_dma_stream_t stream = {DMA1, 0u};
static volatile uint16_t captured[2][BOARD_MICROPHONE_HALF];
static board_halves_t halves;
static board_offset_t offset;
static board_heard_t on_heard;

/* The regulator's time is over by then: a bit that is never set is polled for it. */
static void wait_for_regulator(void) {
    const uint32_t polls = REGULATOR_US * (board_core_hz / 1000000u) / CORE_CYCLES_A_POLL;
    for (uint32_t poll = 0u; poll < polls; ++poll) {
        (void)ADC_ISR;
    }
}

static bool start_adc(void) {
    ADC_CCR = CLOCK_OF_BUS_BY_4;
    ADC_CR = 0u; /* out of deep sleep */
    ADC_CR = REGULATOR_ON | BOOST;
    wait_for_regulator();
    ADC_CR = REGULATOR_ON | BOOST | CALIBRATE;
    if (!board_wait_for(&ADC_CR, CALIBRATE, 0u)) {
        return false;
    }
    ADC_ISR = READY; /* a one clears it */
    ADC_CR = REGULATOR_ON | BOOST | ADC_ON;
    if (!board_wait_for(&ADC_ISR, READY, READY)) {
        return false;
    }
    ADC_CFGR = KEEP_NEWEST | RISING_EDGE | TRIGGER_TIM3 | SIXTEEN_BITS | DMA_CIRCULAR;
#if BOARD_MICROPHONE_CHANNEL < CHANNELS_IN_SMPR1
    ADC_SMPR1 = SAMPLE_64_CYCLES << (3u * BOARD_MICROPHONE_CHANNEL);
#else
    ADC_SMPR2 = SAMPLE_64_CYCLES << (3u * (BOARD_MICROPHONE_CHANNEL - CHANNELS_IN_SMPR1));
#endif
    ADC_PCSEL = UINT32_C(1) << BOARD_MICROPHONE_CHANNEL;
    ADC_SQR1 = BOARD_MICROPHONE_CHANNEL << 6; /* one conversion */
    ADC_CR = REGULATOR_ON | BOOST | ADC_ON | ADC_START;
    return true;
}

bool board_microphone_start(uint32_t rate_hz, board_heard_t heard) {
    on_heard = heard;
    board_microphone_connect();
    DMAMUX_C0CR = REQUEST_ADC1;
    board_dma_stream_start(stream, 0u, ADC_DR, captured, 2u * BOARD_MICROPHONE_HALF);
    board_interrupt_enable(BOARD_MICROPHONE_INTERRUPT);
    if (!start_adc()) {
        return false;
    }
    board_tim3_start(board_core_hz / BOARD_MICROPHONE_TIMER_CLOCK_DIVIDER, rate_hz);
    return true;
}

void board_microphone_interrupt(void) {
    const board_half_t taken = board_dma_stream_take(stream, &halves);
    if (!taken.whole) {
        return;
    }
    int16_t pcm[BOARD_MICROPHONE_HALF];
    for (size_t index = 0u; index < BOARD_MICROPHONE_HALF; ++index) {
        pcm[index] = board_offset_remove(&offset, (int32_t)captured[taken.half][index], BOARD_MICROPHONE_GAIN, 1);
    }
    on_heard(pcm, BOARD_MICROPHONE_HALF, taken.missed * BOARD_MICROPHONE_HALF);
}
