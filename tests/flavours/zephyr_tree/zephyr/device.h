/* What the application needs of Zephyr's devices; a microphone is the one there is. */
#ifndef ZEPHYR_DEVICE_H
#define ZEPHYR_DEVICE_H

#include <stdbool.h>

struct device {
    const char *name;
};

extern const struct device stub_device_dmic_dev;

#define STUB_PASTE(node) (&stub_device_##node)
#define DEVICE_DT_GET(node) STUB_PASTE(node)

bool device_is_ready(const struct device *dev);

#endif
