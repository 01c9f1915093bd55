/** @file
 * gemmlowp's fixed point on int32, as TFLite's reference kernels use it. Qm is a number with m integer bits. */
#ifndef TS_FIXED_POINT_H
#define TS_FIXED_POINT_H

#include "ts_requantize.h"

/** Of a value above 0. */
static inline int32_t ts_leading_zeros(uint32_t value) {
#if defined(__ARM_FEATURE_CLZ) || defined(__x86_64__)
    return __builtin_clz(value);
#else
    int32_t count = 0;
    while ((value & 0x80000000u) == 0u) {
        value <<= 1;
        ++count;
    }
    return count;
#endif
}

static inline int32_t ts_saturating_shift_left(int32_t value, int32_t exponent) {
    const int64_t wide = (int64_t)value * (INT64_C(1) << exponent);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/** a * b / 2^31, rounded, of an `a` between -2^30 and 2^30. */
static inline int32_t ts_multiply_small(int32_t a, int32_t b) {
    return ts_high_mul(a * 2, b);
}

/** 1 / (1 + x) for x in [0, 1), Q0 to Q0, by three Newton-Raphson steps from 48/17 - 32/17 * d. */
static inline int32_t ts_one_over_one_plus(int32_t x) {
    const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t estimate = 1515870810 + ts_multiply_small(-1010580540, half_denominator); /* Q2, below 2 until the end */
    for (int i = 0; i < 3; ++i) {
        const int32_t error = (INT32_C(1) << 29) - ts_multiply_small(estimate, half_denominator);
        estimate += ts_multiply_small(error, estimate) * 4; /* an error is at most 1 / 17 */
    }
    return estimate < INT32_C(1) << 30 ? estimate * 2 : INT32_MAX;
}

#endif
