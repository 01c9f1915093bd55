/* What the firmware calls of the SDK, here and in hardware/, declared as the SDK does. */
#ifndef PICO_STDLIB_H
#define PICO_STDLIB_H

#include "pico/types.h"

bool stdio_init_all(void);
uint64_t time_us_64(void);

#endif
