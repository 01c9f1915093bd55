/** @file
 * ts_requantize.h for outputs of int16. */
#ifndef TS_REQUANTIZE_I16_H
#define TS_REQUANTIZE_I16_H

#include "ts_requantize.h"

static inline int16_t ts_clamp_i16(int32_t value, int32_t low, int32_t high) {
    value = value < low ? low : value;
    return (int16_t)(value > high ? high : value);
}

static inline int16_t ts_to_output_i16(const ts_output_t *output, int32_t value) {
    const int32_t scaled = ts_requantize(value, output->multiplier, output->shift);
    return ts_clamp_i16(scaled + output->offset, output->min, output->max);
}

#endif
