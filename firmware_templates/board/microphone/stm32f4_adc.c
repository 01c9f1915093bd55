/* An analog microphone on ADC1 of an STM32F4: TIM3 starts each conversion, stream 0 of DMA2 fills a circular buffer (ST
 * RM0090 and RM0390, ADC, TIM2 to TIM5 and DMA registers; channel 0 of that stream is ADC1's). */
#include "board_config.h"
#include "board_dma_stream.h"
#include "board_microphone.h"
#include "board_offset.h"
#include "board_parts.h"
#include "board_tim3.h"

#define ADC1 0x40012000u
#define ADC_CR1 BOARD_REGISTER(ADC1 + 0x04u)
#define ADC_CR2 BOARD_REGISTER(ADC1 + 0x08u)
#define ADC_SMPR1 BOARD_REGISTER(ADC1 + 0x0Cu) /* channels 10 and up */
#define ADC_SMPR2 BOARD_REGISTER(ADC1 + 0x10u)
#define ADC_SQR1 BOARD_REGISTER(ADC1 + 0x2Cu)
#define ADC_SQR3 BOARD_REGISTER(ADC1 + 0x34u)
#define ADC_DR (ADC1 + 0x4Cu)
#define ADC_CCR BOARD_REGISTER(ADC1 + 0x304u)
#define CLOCK_BY_4 (1u << 16) /* of APB2: 21 MHz of at most 30 or 36 */
#define TWELVE_BITS 0u        /* and no scan, no interrupt */
#define SAMPLE_112_CYCLES 5u  /* 5 us, for a source of some kilohms */
#define CHANNELS_IN_SMPR2 10u
#define ONE_CONVERSION 0u
#define RISING_EDGE (1u << 28)
#define TRIGGER_TIM3 (8u << 24)
#define DMA_FOR_EVER (1u << 9 | 1u << 8) /* DDS, DMA */
#define ADC_ON 1u

#define DMA2 0x40026400u
#define CHANNEL_ADC1 0u

#define GAIN (16 * BOARD_MICROPHONE_GAIN) /* 12 bits to 16 */

static const board_dma_stream_t stream = {DMA2, 0u};
static volatile uint16_t captured[2][BOARD_MICROPHONE_HALF];
static board_halves_t halves;
static board_offset_t offset;
static board_heard_t on_heard;

static void start_adc(void) {
    ADC_CCR = CLOCK_BY_4;
    ADC_CR1 = TWELVE_BITS;
#if BOARD_MICROPHONE_CHANNEL < CHANNELS_IN_SMPR2
    ADC_SMPR2 = SAMPLE_112_CYCLES << (3u * BOARD_MICROPHONE_CHANNEL);
#else
    ADC_SMPR1 = SAMPLE_112_CYCLES << (3u * (BOARD_MICROPHONE_CHANNEL - CHANNELS_IN_SMPR2));
#endif
    ADC_SQR1 = ONE_CONVERSION;
    ADC_SQR3 = BOARD_MICROPHONE_CHANNEL;
    ADC_CR2 = RISING_EDGE | TRIGGER_TIM3 | DMA_FOR_EVER | ADC_ON;
}

/* Where the crystal did not start, no bus is divided. */
bool board_microphone_start(uint32_t rate_hz, board_heard_t heard) {
    const uint32_t divider = board_core_hz == BOARD_CLOCK_HZ ? BOARD_MICROPHONE_TIMER_CLOCK_DIVIDER : 1u;
    on_heard = heard;
    board_microphone_connect();
    board_dma_stream_start(stream, CHANNEL_ADC1, ADC_DR, captured, 2u * BOARD_MICROPHONE_HALF);
    board_interrupt_enable(BOARD_MICROPHONE_INTERRUPT);
    start_adc();
    board_tim3_start(board_core_hz / divider, rate_hz);
    return true;
}

void board_microphone_interrupt(void) {
    const board_half_t taken = board_dma_stream_take(stream, &halves);
    if (!taken.whole) {
        return;
    }
    int16_t pcm[BOARD_MICROPHONE_HALF];
    for (size_t index = 0u; index < BOARD_MICROPHONE_HALF; ++index) {
        pcm[index] = board_offset_remove(&offset, (int32_t)captured[taken.half][index], GAIN, 1);
    }
    on_heard(pcm, BOARD_MICROPHONE_HALF, taken.missed * BOARD_MICROPHONE_HALF);
}
