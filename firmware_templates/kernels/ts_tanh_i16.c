#include "ts_tanh_i16.h"

#include "ts_sigmoid.h"

void ts_tanh_i16(const ts_tanh_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_tanh_i16_t p = *params;
    for (int32_t i = 0; i < p.count; ++i) {
        output[i] = ts_tanh(p.sigmoid, input[i], p.multiplier, p.shift);
    }
}
