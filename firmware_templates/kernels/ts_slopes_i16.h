/** @file
 * One factor for positive, another for negative values: ABS, LEAKY_RELU, RELU and RELU6 of int16. */
#ifndef TS_SLOPES_I16_H
#define TS_SLOPES_I16_H

#include <stdint.h>

typedef struct {
    int32_t count;
    int32_t positive_multiplier;
    int32_t positive_shift;
    int32_t negative_multiplier;
    int32_t negative_shift;
    int32_t sign_before; /**< -1 or 1, of a negative value before it is scaled, */
    int32_t sign_after;  /**< and after: roundings are not symmetric */
    int32_t min;
    int32_t max;
} ts_slopes_i16_t;

void ts_slopes_i16(const ts_slopes_i16_t *params, const int16_t *input, int16_t *output);

#endif
