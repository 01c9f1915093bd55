/* An analog microphone, its output around half the supply, on ADC input 0 (GPIO 26). Two DMA channels take turns: while
 * one fills its half of `captured`, the other's is converted to PCM. */
#include "ser_audio.h"

#include "ser_features.h"

#include <stddef.h>

#include "hardware/adc.h"
#include "hardware/clocks.h"
#include "hardware/dma.h"
#include "hardware/irq.h"
#include "hardware/sync.h"

#define ADC_GPIO 26u
#define ADC_INPUT 0u
#define ADC_MIDDLE 2048 /* of 12 bits */
#define ADC_TO_PCM 16   /* 12 bits to 16 */

static uint16_t captured[2][SER_AUDIO_BLOCK_SAMPLES];
static uint channels[2];
static int16_t blocks[SER_AUDIO_BLOCKS][SER_AUDIO_BLOCK_SAMPLES];
/* Blocks since the start; the interrupt writes the first and the last, the application the second. */
static volatile uint32_t filled;
static volatile uint32_t released;
static volatile uint32_t overruns;

static void convert(const uint16_t *source) {
    if (filled - released == SER_AUDIO_BLOCKS) {
        ++overruns;
        return;
    }
    int16_t *const block = blocks[filled % SER_AUDIO_BLOCKS];
    for (size_t index = 0; index < SER_AUDIO_BLOCK_SAMPLES; ++index) {
        block[index] = (int16_t)(((int)source[index] - ADC_MIDDLE) * ADC_TO_PCM);
    }
    __compiler_memory_barrier();
    ++filled;
}

static void on_captured(void) {
    for (size_t half = 0; half < 2u; ++half) {
        if (dma_channel_get_irq0_status(channels[half])) {
            dma_channel_acknowledge_irq0(channels[half]);
            dma_channel_set_write_addr(channels[half], captured[half], false);
            convert(captured[half]);
        }
    }
}

static void configure_channel(size_t half) {
    dma_channel_config config = dma_channel_get_default_config(channels[half]);
    channel_config_set_transfer_data_size(&config, DMA_SIZE_16);
    channel_config_set_read_increment(&config, false);
    channel_config_set_write_increment(&config, true);
    channel_config_set_dreq(&config, DREQ_ADC);
    channel_config_set_chain_to(&config, channels[1u - half]);
    dma_channel_configure(channels[half], &config, captured[half], &adc_hw->fifo, SER_AUDIO_BLOCK_SAMPLES, false);
    dma_channel_set_irq0_enabled(channels[half], true);
}

void ser_audio_start(void) {
    adc_init();
    adc_gpio_init(ADC_GPIO);
    adc_select_input(ADC_INPUT);
    adc_fifo_setup(true, true, 1, false, false);
    adc_set_clkdiv((float)clock_get_hz(clk_adc) / (float)SER_FEATURES_SAMPLE_RATE_HZ - 1.0f);
    for (size_t half = 0; half < 2u; ++half) {
        channels[half] = (uint)dma_claim_unused_channel(true);
    }
    for (size_t half = 0; half < 2u; ++half) {
        configure_channel(half);
    }
    irq_set_exclusive_handler(DMA_IRQ_0, on_captured);
    irq_set_enabled(DMA_IRQ_0, true);
    dma_channel_start(channels[0]);
    adc_run(true);
}

const int16_t *ser_audio_block(void) {
    if (filled == released) {
        return NULL;
    }
    __compiler_memory_barrier();
    return blocks[released % SER_AUDIO_BLOCKS];
}

void ser_audio_release(void) {
    __compiler_memory_barrier();
    ++released;
}

uint32_t ser_audio_overruns(void) {
    return overruns;
}
