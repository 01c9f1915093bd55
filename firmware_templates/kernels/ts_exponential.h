/** @file
 * gemmlowp's exponential. */
#ifndef TS_EXPONENTIAL_H
#define TS_EXPONENTIAL_H

#include "ts_seldom.h"

#include <stdint.h>

/** How a difference of quantized values becomes an exponent. */
typedef struct {
    int32_t multiplier; /**< Q0.31 */
    int16_t left;       /**< -difference * 2^left * multiplier / 2^31 is the exponent in Q5 */
    int16_t count;      /**< differences of this and more give 0 */
} ts_exponential_t;

/** exp(-scale * difference).
 * @param params how the scale is applied
 * @param difference 0 or more
 * @return in Q0 */
TS_SELDOM int32_t ts_exponential(const ts_exponential_t *params, int32_t difference);

/** exp(x).
 * @param x 0 or less
 * @param integer_bits of x, 2 to 5
 * @return in Q0 */
TS_SELDOM int32_t ts_exp_on_negative(int32_t x, int32_t integer_bits);

#endif
