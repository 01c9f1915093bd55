#include "ts_rsqrt_i16.h"

#include "ts_inverse_root.h"
#include "ts_requantize_i16.h"

#define EXTRA_BITS 20 /* keep the reciprocal root an integer */

void ts_rsqrt_i16(const ts_rsqrt_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_rsqrt_i16_t p = *params;
    for (int32_t i = 0; i < p.count; ++i) {
        if (input[i] <= 0) {
            output[i] = INT16_MAX;
            continue;
        }
        const ts_factor_t factor = ts_inverse_root(input[i]);
        const int32_t root = ts_requantize(1, factor.multiplier, factor.shift + EXTRA_BITS);
        output[i] = ts_clamp_i16(ts_requantize(root, p.multiplier, p.shift), INT16_MIN, INT16_MAX);
    }
}
