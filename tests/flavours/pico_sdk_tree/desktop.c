/* The SDK on the desktop: the ADC samples int16 values from standard input, rounded to its 12 bits. A channel of the
 * DMA goes on where it wrote last, as the chip's does. Environment: BLOCKS_PER_SLEEP, how many blocks come in while the
 * core sleeps. */
#include "hardware/adc.h"
#include "hardware/clocks.h"
#include "hardware/dma.h"
#include "hardware/irq.h"
#include "hardware/sync.h"
#include "pico/stdlib.h"

#include <stdio.h>
#include <stdlib.h>

#define CHANNELS 12u
#define ADC_HZ 48000000u

static struct {
    dma_channel_config config;
    uint16_t *write_addr;
    uint count;
    bool irq_enabled;
    bool irq;
} channels[CHANNELS];
static uint claimed = 3;
static uint active = CHANNELS;
static irq_handler_t handler;
static bool sampling;
static bool led_is_output;
static repeating_timer_t *timer;
static float clkdiv;
static adc_hw_t registers;
adc_hw_t *adc_hw = &registers;

static void expect(bool condition, const char *what) {
    if (!condition) {
        printf("the SDK was used in a wrong way: %s\n", what);
        exit(2);
    }
}

bool stdio_init_all(void) {
    return true;
}
static uint64_t now_us;
uint64_t time_us_64(void) {
    return now_us;
}
void gpio_init(uint gpio) {
    expect(gpio == PICO_DEFAULT_LED_PIN, "LED");
}
void gpio_set_dir(uint gpio, bool out) {
    expect(gpio == PICO_DEFAULT_LED_PIN && out, "LED");
    led_is_output = true;
}
/* 0 or 1 for standard error, each time it is set. */
void gpio_put(uint gpio, bool value) {
    expect(gpio == PICO_DEFAULT_LED_PIN && led_is_output, "LED");
    fputc(value ? '1' : '0', stderr);
}
bool add_repeating_timer_ms(int32_t delay_ms, repeating_timer_callback_t callback, void *user_data,
                            repeating_timer_t *out) {
    *out = (repeating_timer_t){.delay_us = -1000 * (int64_t)delay_ms, .callback = callback, .user_data = user_data};
    timer = out;
    return true;
}
uint32_t clock_get_hz(uint clock) {
    expect(clock == clk_adc, "clock");
    return ADC_HZ;
}

void adc_init(void) {
}
void adc_gpio_init(uint gpio) {
    expect(gpio == 26, "pin");
}
void adc_select_input(uint input) {
    expect(input == 0, "input");
}
void adc_fifo_setup(bool en, bool dreq_en, uint16_t dreq_thresh, bool err_in_fifo, bool byte_shift) {
    expect(en && dreq_en && dreq_thresh == 1 && !err_in_fifo && !byte_shift, "FIFO of 16 bits for the DMA");
}
void adc_set_clkdiv(float divider) {
    clkdiv = divider;
}
void adc_run(bool run) {
    expect(handler != NULL && active < CHANNELS, "the DMA has to be ready first");
    sampling = run;
}

int dma_claim_unused_channel(bool required) {
    expect(required && claimed < CHANNELS, "claim");
    return (int)claimed++;
}
dma_channel_config dma_channel_get_default_config(uint channel) {
    return (dma_channel_config){.chain_to = channel, .size = DMA_SIZE_32, .read_increment = true};
}
void channel_config_set_transfer_data_size(dma_channel_config *c, enum dma_channel_transfer_size size) {
    c->size = size;
}
void channel_config_set_read_increment(dma_channel_config *c, bool incr) {
    c->read_increment = incr;
}
void channel_config_set_write_increment(dma_channel_config *c, bool incr) {
    c->write_increment = incr;
}
void channel_config_set_dreq(dma_channel_config *c, uint dreq) {
    c->dreq = dreq;
}
void channel_config_set_chain_to(dma_channel_config *c, uint chain_to) {
    c->chain_to = chain_to;
}
void dma_channel_configure(uint channel, const dma_channel_config *config, volatile void *write_addr,
                           const volatile void *read_addr, uint transfer_count, bool trigger) {
    expect(read_addr == &adc_hw->fifo && !config->read_increment && config->dreq == DREQ_ADC, "source");
    expect(config->write_increment && config->size == DMA_SIZE_16 && !trigger, "destination");
    channels[channel].config = *config;
    channels[channel].count = transfer_count;
    dma_channel_set_write_addr(channel, write_addr, false);
}
void dma_channel_set_irq0_enabled(uint channel, bool enabled) {
    channels[channel].irq_enabled = enabled;
}
bool dma_channel_get_irq0_status(uint channel) {
    return channels[channel].irq;
}
void dma_channel_acknowledge_irq0(uint channel) {
    channels[channel].irq = false;
}
void dma_channel_set_write_addr(uint channel, volatile void *write_addr, bool trigger) {
    expect(!trigger, "trigger");
    channels[channel].write_addr = (uint16_t *)write_addr;
}
void dma_channel_start(uint channel) {
    active = channel;
}

void irq_set_exclusive_handler(uint num, irq_handler_t wanted) {
    expect(num == DMA_IRQ_0, "interrupt");
    handler = wanted;
}
void irq_set_enabled(uint num, bool enabled) {
    expect(num == DMA_IRQ_0 && enabled && handler != NULL, "interrupt");
}

/* The block that the active channel fills, and its interrupt. */
static void capture(void) {
    expect(sampling && clkdiv == (float)ADC_HZ / 16000.0f - 1.0f, "16 kHz");
    for (uint sample = 0; sample < channels[active].count; ++sample) {
        int16_t pcm;
        if (fread(&pcm, sizeof pcm, 1, stdin) != 1) {
            exit(0);
        }
        *channels[active].write_addr++ = (uint16_t)((pcm + 32768) / 16);
    }
    const uint64_t before = now_us;
    now_us += channels[active].count * 1000000u / 16000u;
    if (timer != NULL && now_us / (uint64_t)timer->delay_us != before / (uint64_t)timer->delay_us) {
        expect(timer->callback(timer), "the timer goes on");
    }
    const uint done = active;
    active = channels[done].config.chain_to;
    expect(active != done, "chain");
    channels[done].irq = true;
    expect(channels[done].irq_enabled, "interrupt of the channel");
    handler();
    expect(!channels[done].irq, "acknowledge");
}

void __wfi(void) {
    const char *const blocks = getenv("BLOCKS_PER_SLEEP");
    for (int block = blocks == NULL ? 1 : atoi(blocks); block > 0; --block) {
        capture();
    }
}

int application(void);

int main(void) {
    return application();
}
