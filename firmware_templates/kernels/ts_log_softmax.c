#include "ts_log_softmax.h"

#include "ts_fixed_point.h"

#define LOG_BITS 5    /* integer bits of the logarithm */
#define OUTPUT_BITS 4 /* of the output, whose scale is 1/16 */

#define LOG_2 1488522236            /* all Q0 */
#define SQRT_HALF 1518500250        /* 2^-1/2 */
#define FOURTH_ROOT_HALF 1805811301 /* 2^-1/4 */
/* Of a rational approximation around 2^-1/4. */
#define NUMERATOR_CUBIC 117049297       /* 11/240 * 2^1/4 */
#define DENOMINATOR_SQUARED 127690142   /* 1/20 * 2^1/4 */
#define DENOMINATOR_CONSTANT 1057819769 /* 2 * 2^-1/4 - 2^1/4 */
#define DENOMINATOR_LINEAR 638450708    /* 1/4 * 2^1/4 */

/* A number as fraction * 2^(exponent - 1/4), the fraction near 2^-1/4. */
typedef struct {
    int32_t fraction; /* Q0 */
    int32_t exponent; /* Q6, with the quarter */
} quarter_power_t;

static int32_t multiply(int32_t a, int32_t b) {
    return ts_doubling_high_mul(a, b);
}

/* Of the sum itself and of sum * 2^-1/2, whichever fraction is the smaller one. */
static quarter_power_t normalize(int32_t sum) {
    const int32_t quarter = INT32_C(1) << (29 - LOG_BITS - 1);
    const int32_t own = ts_leading_zeros((uint32_t)sum);
    const int32_t half = ts_leading_zeros((uint32_t)multiply(sum, SQRT_HALF)) - 1;
    const int32_t own_root = multiply(ts_saturating_shift_left(sum, own - 1), SQRT_HALF);
    const int32_t own_fraction = ts_saturating_shift_left(own_root, 1);
    const int32_t half_fraction = ts_saturating_shift_left(sum, half);
    const int32_t own_exponent = (TS_EXP_SUM_BITS - own) * (INT32_C(1) << (30 - LOG_BITS)) + quarter;
    const int32_t half_exponent = (TS_EXP_SUM_BITS - half) * (INT32_C(1) << (30 - LOG_BITS)) - quarter;
    return (quarter_power_t){
        own_fraction < half_fraction ? own_fraction : half_fraction,
        own_exponent > half_exponent ? own_exponent : half_exponent,
    };
}

/* log(sum) in Q5 for a sum of 1 or more in Q12 (TFLite's log_x_for_x_greater_than_or_equal_to_1). */
static int32_t logarithm(int32_t sum) {
    const quarter_power_t power = normalize(sum);
    const int32_t r = power.fraction;
    const int32_t mean = (int32_t)(((int64_t)r + FOURTH_ROOT_HALF + 1) / 2);
    const int32_t q = 2 * (r - FOURTH_ROOT_HALF);
    const int32_t squared = multiply(q, q);
    const int32_t numerator = multiply(q, r) + multiply(multiply(q, squared), NUMERATOR_CUBIC);
    const int32_t inner = DENOMINATOR_CONSTANT + q + multiply(DENOMINATOR_SQUARED, squared);
    const int32_t denominator = multiply(mean, inner) + multiply(DENOMINATOR_LINEAR, q); /* minus 1 */
    const int32_t scaled = ts_rounding_shift_right(numerator, LOG_BITS + 1);
    const int32_t fraction_log = multiply(scaled, ts_one_over_one_plus(denominator));
    return ts_saturating_shift_left(multiply(power.exponent, LOG_2) + fraction_log, 1);
}

void ts_log_softmax(const ts_log_softmax_t *params, const int8_t *input, int8_t *output, void *scratch) {
    const ts_exponentials_t *e = &params->exponentials;
    for (int32_t row = 0; row < e->rows; ++row, input += e->columns, output += e->columns) {
        const int32_t largest = ts_row_maximum(input, e->columns);
        const int32_t log_sum = logarithm(ts_sum_of_exponentials(e, input, largest, (int32_t *)scratch));
        const int32_t lowest = log_sum - (INT32_C(16) << (31 - LOG_BITS)); /* of what is above the output's range */
        for (int32_t i = 0; i < e->columns; ++i) {
            const int32_t difference = input[i] - largest;
            int32_t value = -128;
            if (-difference < e->exponential.count) {
                const int32_t scaled = ts_requantize(difference, params->multiplier, params->shift);
                if (scaled > lowest) {
                    value = 127 + ts_rounding_shift_right(scaled - log_sum, 31 - LOG_BITS - OUTPUT_BITS);
                }
            }
            output[i] = ts_clamp(value, -128, 127);
        }
    }
}
