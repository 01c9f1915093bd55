#include "ts_softmax.h"

#include "ts_fixed_point.h"

void ts_softmax(const ts_softmax_t *params, const int8_t *input, int8_t *output) {
    const int32_t columns = params->columns;
    for (int32_t row = 0; row < params->rows; ++row, input += columns, output += columns) {
        const int32_t largest = ts_row_maximum(input, columns);
        const int32_t sum = ts_sum_of_exponentials(params, input, largest);
        const int32_t headroom = ts_leading_zeros((uint32_t)sum);
        const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - UINT32_C(0x80000000));
        const int32_t scale = ts_one_over_one_plus(fraction);
        const int32_t exponent = TS_EXP_SUM_BITS - headroom + 31 - 8;
        for (int32_t i = 0; i < columns; ++i) {
            const int32_t difference = largest - input[i];
            int32_t value = -128;
            /* Where the sum reaches 512, every posterior is below half a step (and TFLM stops). */
            if (difference < params->exp_count && exponent < 32) {
                value += ts_rounding_shift_right(ts_doubling_high_mul(scale, params->exp[difference]), exponent);
            }
            output[i] = ts_clamp(value, -128, 127);
        }
    }
}
