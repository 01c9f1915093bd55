/** @file
 * TANH of int16, by linear interpolation in a table of the sigmoid. */
#ifndef TS_TANH_I16_H
#define TS_TANH_I16_H

#include <stdint.h>

/** A layer's parameters for ts_tanh_i16. */
typedef struct {
    int32_t count;           /**< elements */
    int32_t multiplier;      /**< input * multiplier / 2^shift is in steps of 1/12288 */
    int32_t shift;           /**< goes with the multiplier */
    const uint16_t *sigmoid; /**< (256,), sigmoid(n / 24) in Q0.16 */
} ts_tanh_i16_t;

/** tanh(x).
 * @param params of this layer
 * @param input `count` values
 * @param output as many */
void ts_tanh_i16(const ts_tanh_i16_t *params, const int16_t *input, int16_t *output);

#endif
