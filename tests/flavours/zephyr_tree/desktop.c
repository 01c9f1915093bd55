/* Zephyr on the desktop: printk is standard output, the microphone hears int16 samples from standard input. As the
 * driver for nRF PDM does, this one stops where it finds no free block, and fills blocks again after it was started.
 * Each letter of argument 1 is a read: '.' finds a block, 'x' finds that the driver stopped; then '.' for ever. */
#include <zephyr/audio/dmic.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct device stub_device_dmic_dev = {"dmic"};
const struct device stub_device_gpio = {"gpio"};
static struct k_timer *running_timer;
static uint32_t uptime_ms;
static bool configured[2];
int application(void);

static struct pcm_stream_cfg stream;
static const char *reads = "";
static bool running;
static uint32_t block;

void printk(const char *fmt, ...) {
    va_list arguments;
    va_start(arguments, fmt);
    vprintf(fmt, arguments);
    va_end(arguments);
}

void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period) {
    if (duration.ticks != 0 || period.ticks != 50) {
        abort();
    }
    running_timer = timer;
}
uint32_t k_uptime_get_32(void) {
    return uptime_ms;
}
int gpio_pin_configure_dt(const struct gpio_dt_spec *spec, gpio_flags_t extra_flags) {
    configured[spec->pin] = extra_flags == GPIO_OUTPUT_INACTIVE;
    return spec->port == &stub_device_gpio ? 0 : -EINVAL;
}
/* LED 0 goes to standard error, 0 or 1 each time it is set. */
int gpio_pin_set_dt(const struct gpio_dt_spec *spec, int value) {
    if (!configured[spec->pin]) {
        abort();
    }
    if (spec->pin == 0) {
        fputc(value != 0 ? '1' : '0', stderr);
    }
    return 0;
}

uint32_t k_cycle_get_32(void) {
    return 0;
}
uint32_t k_cyc_to_us_near32(uint32_t cycles) {
    return cycles;
}
k_tid_t k_current_get(void) {
    return NULL;
}
int k_thread_stack_space_get(const struct k_thread *thread, size_t *unused_ptr) {
    (void)thread;
    *unused_ptr = 1000;
    return 0;
}

bool device_is_ready(const struct device *dev) {
    return dev == &stub_device_dmic_dev;
}
uint32_t dmic_build_channel_map(uint8_t channel, uint8_t pdm, enum pdm_lr lr) {
    return (uint32_t)((pdm << 1 | (int)lr) << channel * 4);
}

int dmic_configure(const struct device *dev, struct dmic_cfg *cfg) {
    const struct pdm_chan_cfg *const channel = &cfg->channel;
    stream = cfg->streams[0];
    const bool mono = channel->req_num_streams == 1 && channel->req_num_chan == 1 && channel->req_chan_map_lo == 0;
    const bool fits = stream.pcm_width == 16 && stream.block_size == stream.mem_slab->block_size;
    return device_is_ready(dev) && mono && fits && cfg->io.min_pdm_clk_freq < cfg->io.max_pdm_clk_freq ? 0 : -EINVAL;
}

int dmic_trigger(const struct device *dev, enum dmic_trigger cmd) {
    (void)dev;
    running = cmd == DMIC_TRIGGER_START && !feof(stdin);
    return cmd == DMIC_TRIGGER_START && !running ? -EIO : 0;
}

int dmic_read(const struct device *dev, uint8_t index, void **buffer, size_t *size, int32_t timeout) {
    (void)dev;
    const char read = *reads == '\0' ? '.' : *reads++;
    if (!running || index != 0 || timeout <= 0 || read == 'x' || stream.mem_slab->used == stream.mem_slab->blocks) {
        running = false;
        return -EAGAIN;
    }
    uptime_ms += 50;
    if (running_timer != NULL) {
        running_timer->expiry_fn(running_timer);
    }
    *buffer = stream.mem_slab->memory + (size_t)(block++ % stream.mem_slab->blocks) * stream.block_size;
    *size = stream.block_size;
    ++stream.mem_slab->used;
    if (fread(*buffer, 1, *size, stdin) != *size) {
        --stream.mem_slab->used;
        return -EAGAIN;
    }
    return 0;
}

void k_mem_slab_free(struct k_mem_slab *slab, void *mem) {
    if (slab->used == 0 || ((char *)mem - slab->memory) % (long)slab->block_size != 0) {
        abort();
    }
    memset(mem, 0x55, slab->block_size); /* so that nobody goes on reading */
    --slab->used;
}

int main(int count, char **arguments) {
    reads = count > 1 ? arguments[1] : "";
    return application();
}
