#include "ts_logistic_i16.h"

#define LAST_STEP 255

/* In Q0.25, of a value that is not negative. */
static int32_t curve(const uint16_t *table, int32_t magnitude) {
    const int32_t step = magnitude >> 9;
    if (step >= LAST_STEP) {
        return INT32_C(0x7fff) << 10;
    }
    const int32_t low = table[step];
    const int32_t high = table[step + 1];
    return low * 512 + (magnitude & 511) * (high - low);
}

void ts_logistic_i16(const ts_logistic_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_logistic_i16_t p = *params;
    const int32_t half = p.shift > 0 ? INT32_C(1) << (p.shift - 1) : 0;
    for (int32_t i = 0; i < p.count; ++i) {
        const int32_t scaled = (input[i] * p.multiplier + half) >> p.shift;
        const int32_t rounded =
            scaled < 0 ? (INT32_C(1) << 25) - curve(p.sigmoid, -scaled) + 511 : curve(p.sigmoid, scaled) + 512;
        output[i] = (int16_t)(rounded >> 10);
    }
}
