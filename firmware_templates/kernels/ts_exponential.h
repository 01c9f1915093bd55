/* gemmlowp's exponential. */
#ifndef TS_EXPONENTIAL_H
#define TS_EXPONENTIAL_H

#include "ts_seldom.h"

#include <stdint.h>

typedef struct {
    int32_t multiplier;
    int16_t left;  /* -difference * 2^left * multiplier / 2^31 is the exponent in Q5 */
    int16_t count; /* differences of this and more give 0 */
} ts_exponential_t;

/* exp(-scale * difference) in Q0 for a difference of 0 or more. */
TS_SELDOM int32_t ts_exponential(const ts_exponential_t *params, int32_t difference);

/* exp(x) in Q0 for an x of 0 or less in so many integer bits, 2 to 5. */
TS_SELDOM int32_t ts_exp_on_negative(int32_t x, int32_t integer_bits);

#endif
