#ifndef HARDWARE_CLOCKS_H
#define HARDWARE_CLOCKS_H

#include "pico/types.h"

enum { clk_adc = 4 };

uint32_t clock_get_hz(uint clock);

#endif
