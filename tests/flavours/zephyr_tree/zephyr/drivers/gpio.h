/* What the application calls of Zephyr's GPIO, declared as its own header does. The devicetree has two LEDs. */
#ifndef ZEPHYR_DRIVERS_GPIO_H
#define ZEPHYR_DRIVERS_GPIO_H

#include <zephyr/device.h>

typedef uint8_t gpio_pin_t;
typedef uint16_t gpio_dt_flags_t;
typedef uint32_t gpio_flags_t;

struct gpio_dt_spec {
    const struct device *port;
    gpio_pin_t pin;
    gpio_dt_flags_t dt_flags;
};

extern const struct device stub_device_gpio;

#define STUB_LED(led, fallback) STUB_LED_##led(fallback)
#define STUB_LED_led0(fallback)                                                                                        \
    { &stub_device_gpio, 0, 0 }
#define STUB_LED_led1(fallback)                                                                                        \
    { &stub_device_gpio, 1, 0 }
#define STUB_LED_led2(fallback) fallback
#define STUB_LED_led3(fallback) fallback
#define STUB_LED_led4(fallback) fallback
#define STUB_LED_led5(fallback) fallback
#define STUB_LED_led6(fallback) fallback
#define STUB_LED_led7(fallback) fallback
#define STUB_LED_led8(fallback) fallback
#define STUB_LED_led9(fallback) fallback
#define DT_ALIAS(alias) alias
#define GPIO_DT_SPEC_GET_OR(node_id, prop, default_value) STUB_LED(node_id, default_value)

#define GPIO_OUTPUT_INACTIVE (1u << 17 | 1u << 18)
int gpio_pin_configure_dt(const struct gpio_dt_spec *spec, gpio_flags_t extra_flags);
int gpio_pin_set_dt(const struct gpio_dt_spec *spec, int value);

#endif
