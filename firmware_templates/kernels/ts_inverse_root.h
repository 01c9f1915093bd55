/** @file
 * 1 / sqrt(x) of integers: RSQRT and L2_NORMALIZATION. */
#ifndef TS_INVERSE_ROOT_H
#define TS_INVERSE_ROOT_H

#include "ts_fixed_point.h"

/** multiplier * 2^(shift - 31) */
typedef struct {
    int32_t multiplier; /**< Q0.31 */
    int32_t shift;      /**< to the left */
} ts_factor_t;

/** 1 / sqrt(value) by five Newton-Raphson steps in Q3 (TFLite's GetInvSqrtQuantizedMultiplierExp). */
static inline ts_factor_t ts_inverse_root(int32_t value) {
    if (value <= 1) {
        return (ts_factor_t){INT32_MAX, 0};
    }
    int32_t shift = -11;
    while (value >= (INT32_C(1) << 29)) {
        value /= 4;
        --shift;
    }
    const int32_t pairs = (ts_leading_zeros((uint32_t)value) - 1) / 2 - 1; /* of bits to the left */
    shift += pairs;
    const int32_t half = ts_rounding_shift_right((value << (2 * pairs)) >> 1, 1);
    const int32_t one_and_half = (INT32_C(1) << 28) + (INT32_C(1) << 27);
    int32_t root = INT32_C(1) << 28;
    for (int i = 0; i < 5; ++i) {
        const int32_t squared = ts_doubling_high_mul(root, root);
        const int32_t cubed = ts_saturating_shift_left(ts_doubling_high_mul(squared, root), 6);
        const int32_t next = ts_doubling_high_mul(one_and_half, root) - ts_doubling_high_mul(half, cubed);
        root = ts_saturating_shift_left(next, 3);
    }
    root = ts_doubling_high_mul(root, 1518500250); /* 2^-1/2 */
    return shift > 0 ? (ts_factor_t){root << shift, 0} : (ts_factor_t){root, shift};
}

#endif
