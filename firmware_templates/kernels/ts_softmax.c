#include "ts_softmax.h"

#include "ts_requantize.h"

#define SUM_INTEGER_BITS 12 /* of the sum of exponentials */

static int32_t count_leading_zeros(uint32_t value) {
    int32_t count = 0;
    while ((value & UINT32_C(0x80000000)) == 0) {
        value <<= 1;
        ++count;
    }
    return count;
}

static int32_t saturating_shift_left(int32_t value, int32_t exponent) {
    const int64_t wide = (int64_t)value * (INT64_C(1) << exponent);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* 1 / (1 + x) for x in [0, 1), Q0.31 to Q0.31, by three Newton-Raphson steps from 48/17 - 32/17 * d. */
static int32_t one_over_one_plus(int32_t x) {
    const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t estimate = 1515870810 + ts_doubling_high_mul(half_denominator, -1010580540); /* Q2.29 */
    for (int i = 0; i < 3; ++i) {
        const int32_t error = (INT32_C(1) << 29) - ts_doubling_high_mul(half_denominator, estimate);
        estimate += saturating_shift_left(ts_doubling_high_mul(estimate, error), 2);
    }
    return saturating_shift_left(estimate, 1);
}

void ts_softmax(const ts_softmax_t *params, const int8_t *input, int8_t *output) {
    const int32_t columns = params->columns;
    for (int32_t row = 0; row < params->rows; ++row, input += columns, output += columns) {
        int32_t largest = input[0];
        for (int32_t i = 1; i < columns; ++i) {
            largest = input[i] > largest ? input[i] : largest;
        }
        int32_t sum = 0; /* Q12.19 */
        for (int32_t i = 0; i < columns; ++i) {
            const int32_t difference = largest - input[i];
            if (difference < params->exp_count) {
                sum += ts_rounding_shift_right(params->exp[difference], SUM_INTEGER_BITS);
            }
        }
        const int32_t headroom = count_leading_zeros((uint32_t)sum);
        const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - UINT32_C(0x80000000));
        const int32_t scale = one_over_one_plus(fraction);
        const int32_t exponent = SUM_INTEGER_BITS - headroom + 31 - 8;
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
