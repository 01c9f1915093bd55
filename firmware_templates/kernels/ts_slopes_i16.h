/** @file
 * One factor for positive, another for negative values: ABS, LEAKY_RELU, RELU and RELU6 of int16. */
#ifndef TS_SLOPES_I16_H
#define TS_SLOPES_I16_H

#include <stdint.h>

/** A layer's parameters for ts_slopes_i16. */
typedef struct {
    int32_t count;               /**< elements */
    int32_t positive_multiplier; /**< of values from 0 on */
    int32_t positive_shift;      /**< goes with it */
    int32_t negative_multiplier; /**< of values below 0 */
    int32_t negative_shift;      /**< goes with it */
    int32_t sign_before;         /**< -1 or 1, of a negative value before it is scaled, */
    int32_t sign_after;          /**< and after: roundings are not symmetric */
    int32_t min;                 /**< least output: its activation */
    int32_t max;                 /**< largest output, likewise */
} ts_slopes_i16_t;

/** One factor for positive, another for negative values.
 * @param params of this layer
 * @param input `count` values
 * @param output as many */
void ts_slopes_i16(const ts_slopes_i16_t *params, const int16_t *input, int16_t *output);

#endif
