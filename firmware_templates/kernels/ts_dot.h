/** @file
 * Dot products of one int8 row with several: what recurrent layers spend their time on. */
#ifndef TS_DOT_H
#define TS_DOT_H

#include "ts_simd.h"

/** One row against four that lie `right_step` bytes apart. */
static inline void ts_plain_dot_1x4(const int8_t *left, const int8_t *right, int32_t right_step, int32_t count,
                                    int32_t sums[4]) {
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];
#ifdef TS_HAS_SIMD
    for (const int8_t *end = left + (count & ~3); left < end; left += 4, right += 4) {
        const uint32_t a = ts_load4(left);
        const int32_t even = ts_plain_even(a);
        const int32_t odd = ts_plain_odd(a);
        const uint32_t b0 = ts_load4(right);
        const uint32_t b1 = ts_load4(right + right_step);
        const uint32_t b2 = ts_load4(right + 2 * right_step);
        const uint32_t b3 = ts_load4(right + 3 * right_step);
        sum0 = ts_multiply_add(odd, ts_plain_odd(b0), ts_multiply_add(even, ts_plain_even(b0), sum0));
        sum1 = ts_multiply_add(odd, ts_plain_odd(b1), ts_multiply_add(even, ts_plain_even(b1), sum1));
        sum2 = ts_multiply_add(odd, ts_plain_odd(b2), ts_multiply_add(even, ts_plain_even(b2), sum2));
        sum3 = ts_multiply_add(odd, ts_plain_odd(b3), ts_multiply_add(even, ts_plain_even(b3), sum3));
    }
    count &= 3;
#endif
    for (; count > 0; --count, ++left, ++right) {
        const int32_t a = *left;
        sum0 += a * right[0];
        sum1 += a * right[right_step];
        sum2 += a * right[2 * right_step];
        sum3 += a * right[3 * right_step];
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

#endif
