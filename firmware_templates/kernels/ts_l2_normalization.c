#include "ts_l2_normalization.h"

#include "ts_inverse_root.h"

#define OUTPUT_SHIFT 7 /* 1 in the output's scale */

void ts_l2_normalization(const ts_l2_normalization_t *params, const int8_t *input, int8_t *output) {
    const int32_t columns = params->columns;
    for (int32_t row = 0; row < params->rows; ++row, input += columns, output += columns) {
        int32_t sum = 0;
        for (int32_t i = 0; i < columns; ++i) {
            const int32_t value = input[i] - params->zero_point;
            sum += value * value;
        }
        const ts_factor_t factor = ts_inverse_root(sum);
        for (int32_t i = 0; i < columns; ++i) {
            const int32_t value = input[i] - params->zero_point;
            output[i] = ts_clamp(ts_requantize(value, factor.multiplier, factor.shift + OUTPUT_SHIFT), -128, 127);
        }
    }
}
