#include "ts_exponential.h"

#include "ts_fixed_point.h"

#define DIFFERENCE_BITS 5           /* integer bits of a scaled difference */
#define THIRD 715827883             /* 1/3, all Q0 */
#define EXP_MINUS_EIGHTH 1895147668 /* exp(-1/8) */

int32_t ts_exp_on_negative(int32_t x, int32_t integer_bits) {
    /* exp(-1/4), exp(-1/2), exp(-1), ... */
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    if (x == 0) {
        return INT32_MAX;
    }
    /* x is -remainder and what is between -1/4 and 0: that by Taylor's series around -1/8. */
    const int32_t quarter = INT32_C(1) << (29 - integer_bits);
    const int32_t modulo = (x & (quarter - 1)) - quarter;
    const int32_t y = modulo * (INT32_C(1) << integer_bits) + (INT32_C(1) << 28);
    const int32_t y2 = ts_multiply_small(y, y);
    const int32_t y3 = ts_multiply_small(y2, y);
    const int32_t y4_over_4 = (ts_multiply_small(y2, y2) + 2) >> 2;
    const int32_t tail = (ts_multiply_small(y4_over_4 + y3, THIRD) + y2 + 1) >> 1;
    int32_t result = EXP_MINUS_EIGHTH + ts_multiply_small(y + tail, EXP_MINUS_EIGHTH);
    const int32_t *factor = factors;
    for (int32_t quarters = (modulo - x) >> (29 - integer_bits); quarters != 0; quarters >>= 1, ++factor) {
        if ((quarters & 1) != 0) {
            result = ts_doubling_high_mul(result, *factor);
        }
    }
    return result;
}

int32_t ts_exponential(const ts_exponential_t *params, int32_t difference) {
    if (difference >= params->count) {
        return 0;
    }
    const int32_t shifted = (int32_t)((uint32_t)-difference << params->left);
    return ts_exp_on_negative(ts_doubling_high_mul(shifted, params->multiplier), DIFFERENCE_BITS);
}
