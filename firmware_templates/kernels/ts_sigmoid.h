/** @file
 * sigmoid and tanh of int16 values: linear interpolation in a table of sigmoid(n / 24), n = 0 ... 255, in Q0.16.
 */
#ifndef TS_SIGMOID_H
#define TS_SIGMOID_H

#include <stdint.h>

/** 1 / (1 + exp(-x)) for x in Q3.12, in Q0.15. */
static inline int16_t ts_sigmoid(const uint16_t *table, int32_t value) {
    const int32_t scaled = 3 * value; /* 512 to a step of the table, which no int16 reaches the end of */
    const int32_t magnitude = scaled < 0 ? -scaled : scaled;
    const int32_t low = table[magnitude >> 9];
    const int32_t high = table[(magnitude >> 9) + 1];
    const int32_t curve = low * 512 + (magnitude & 511) * (high - low); /* Q0.25 */
    const int32_t rounded = scaled < 0 ? (INT32_C(1) << 25) - curve + 511 : curve + 512;
    return (int16_t)(rounded >> 10);
}

/** tanh(x) = 2 / (1 + exp(-2 * x)) - 1 in Q0.15, for x = value * multiplier / 2^shift / 12288. */
static inline int16_t ts_tanh(const uint16_t *table, int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t half = shift > 0 ? INT32_C(1) << (shift - 1) : 0;
    const int32_t scaled = (value * multiplier + half) >> shift; /* 256 to a step of the table */
    const int32_t magnitude = scaled < 0 ? -scaled : scaled;
    const int32_t index = magnitude >> 8;
    int32_t curve = 65535 * 256; /* of sigmoid, Q0.24 */
    if (index < 255) {
        const int32_t low = table[index];
        const int32_t high = table[index + 1];
        curve = low * 256 + (magnitude & 255) * (high - low);
    }
    const int32_t above_half = curve - (INT32_C(1) << 23);
    return (int16_t)((scaled < 0 ? 127 - above_half : above_half + 128) >> 8);
}

#endif
