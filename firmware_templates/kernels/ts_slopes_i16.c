#include "ts_slopes_i16.h"

#include "ts_requantize_i16.h"

void ts_slopes_i16(const ts_slopes_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_slopes_i16_t p = *params;
    for (int32_t i = 0; i < p.count; ++i) {
        const int32_t x = input[i];
        const int32_t scaled =
            x >= 0 ? ts_requantize(x, p.positive_multiplier, p.positive_shift)
                   : p.sign_after * ts_requantize(p.sign_before * x, p.negative_multiplier, p.negative_shift);
        output[i] = ts_clamp_i16(scaled, p.min, p.max);
    }
}
