/* What the firmware calls of the SDK, here and in hardware/, declared as the SDK does. */
#ifndef PICO_STDLIB_H
#define PICO_STDLIB_H

#include "pico/types.h"

bool stdio_init_all(void);
uint64_t time_us_64(void);

#define PICO_DEFAULT_LED_PIN 25
#define GPIO_OUT 1
void gpio_init(uint gpio);
void gpio_set_dir(uint gpio, bool out);
void gpio_put(uint gpio, bool value);

typedef struct repeating_timer repeating_timer_t;
typedef bool (*repeating_timer_callback_t)(repeating_timer_t *rt);
struct repeating_timer {
    int64_t delay_us;
    repeating_timer_callback_t callback;
    void *user_data;
};
bool add_repeating_timer_ms(int32_t delay_ms, repeating_timer_callback_t callback, void *user_data,
                            repeating_timer_t *out);

#endif
