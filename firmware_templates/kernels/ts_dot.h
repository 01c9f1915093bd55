/* Dot products of int8 rows, with an offset added to each side: what matrix products and convolutions spend their time
 * on. */
#ifndef TS_DOT_H
#define TS_DOT_H

#include "ts_simd.h"

/* Two rows of the left operand and two of the right one; `count` values each. */
typedef struct {
    const int8_t *left[2];
    const int8_t *right[2];
    int32_t left_offset;
    int32_t right_offset;
    int32_t count;
} ts_dot_t;

/* sums[2 * i + j] += sum over n of (left[i][n] + left_offset) * (right[j][n] + right_offset) */
static inline void ts_dot_2x2(const ts_dot_t *rows, int32_t sums[4]) {
    const int8_t *left0 = rows->left[0];
    const int8_t *left1 = rows->left[1];
    const int8_t *right0 = rows->right[0];
    const int8_t *right1 = rows->right[1];
    int32_t sum00 = sums[0];
    int32_t sum01 = sums[1];
    int32_t sum10 = sums[2];
    int32_t sum11 = sums[3];
    int32_t left = rows->count;
#ifdef TS_HAS_SIMD
    const int32_t left_offsets = ts_both(rows->left_offset);
    const int32_t right_offsets = ts_both(rows->right_offset);
    for (; left >= 4; left -= 4) {
        const uint32_t a0 = ts_load4(left0);
        const uint32_t a1 = ts_load4(left1);
        const uint32_t b0 = ts_load4(right0);
        const uint32_t b1 = ts_load4(right1);
        const int32_t a0_even = ts_even(left_offsets, a0);
        const int32_t a1_even = ts_even(left_offsets, a1);
        const int32_t b0_even = ts_even(right_offsets, b0);
        const int32_t b1_even = ts_even(right_offsets, b1);
        sum00 = ts_multiply_add(a0_even, b0_even, sum00);
        sum01 = ts_multiply_add(a0_even, b1_even, sum01);
        sum10 = ts_multiply_add(a1_even, b0_even, sum10);
        sum11 = ts_multiply_add(a1_even, b1_even, sum11);
        const int32_t a0_odd = ts_odd(left_offsets, a0);
        const int32_t a1_odd = ts_odd(left_offsets, a1);
        const int32_t b0_odd = ts_odd(right_offsets, b0);
        const int32_t b1_odd = ts_odd(right_offsets, b1);
        sum00 = ts_multiply_add(a0_odd, b0_odd, sum00);
        sum01 = ts_multiply_add(a0_odd, b1_odd, sum01);
        sum10 = ts_multiply_add(a1_odd, b0_odd, sum10);
        sum11 = ts_multiply_add(a1_odd, b1_odd, sum11);
        left0 += 4;
        left1 += 4;
        right0 += 4;
        right1 += 4;
    }
#endif
    for (; left > 0; --left) {
        const int32_t a0 = *left0++ + rows->left_offset;
        const int32_t a1 = *left1++ + rows->left_offset;
        const int32_t b0 = *right0++ + rows->right_offset;
        const int32_t b1 = *right1++ + rows->right_offset;
        sum00 += a0 * b0;
        sum01 += a0 * b1;
        sum10 += a1 * b0;
        sum11 += a1 * b1;
    }
    sums[0] = sum00;
    sums[1] = sum01;
    sums[2] = sum10;
    sums[3] = sum11;
}

/* The same without offsets, on pairs of rows that lie `left_step` and `right_step` bytes apart. */
static inline void ts_plain_dot_2x2(const int8_t *left, int32_t left_step, const int8_t *right, int32_t right_step,
                                    int32_t count, int32_t sums[4]) {
    int32_t sum00 = sums[0];
    int32_t sum01 = sums[1];
    int32_t sum10 = sums[2];
    int32_t sum11 = sums[3];
#ifdef TS_HAS_SIMD
    for (const int8_t *end = left + (count & ~3); left < end; left += 4, right += 4) {
        const uint32_t a0 = ts_load4(left);
        const uint32_t a1 = ts_load4(left + left_step);
        const int32_t a0_even = ts_plain_even(a0);
        const int32_t a0_odd = ts_plain_odd(a0);
        const int32_t a1_even = ts_plain_even(a1);
        const int32_t a1_odd = ts_plain_odd(a1);
        const uint32_t b0 = ts_load4(right);
        const int32_t b0_even = ts_plain_even(b0);
        const int32_t b0_odd = ts_plain_odd(b0);
        sum00 = ts_multiply_add(a0_even, b0_even, sum00);
        sum10 = ts_multiply_add(a1_even, b0_even, sum10);
        sum00 = ts_multiply_add(a0_odd, b0_odd, sum00);
        sum10 = ts_multiply_add(a1_odd, b0_odd, sum10);
        const uint32_t b1 = ts_load4(right + right_step);
        const int32_t b1_even = ts_plain_even(b1);
        const int32_t b1_odd = ts_plain_odd(b1);
        sum01 = ts_multiply_add(a0_even, b1_even, sum01);
        sum11 = ts_multiply_add(a1_even, b1_even, sum11);
        sum01 = ts_multiply_add(a0_odd, b1_odd, sum01);
        sum11 = ts_multiply_add(a1_odd, b1_odd, sum11);
    }
    count &= 3;
#endif
    for (; count > 0; --count, ++left, ++right) {
        const int32_t a0 = *left;
        const int32_t a1 = left[left_step];
        const int32_t b0 = *right;
        const int32_t b1 = right[right_step];
        sum00 += a0 * b0;
        sum01 += a0 * b1;
        sum10 += a1 * b0;
        sum11 += a1 * b1;
    }
    sums[0] = sum00;
    sums[1] = sum01;
    sums[2] = sum10;
    sums[3] = sum11;
}

/* One row against four that lie `right_step` bytes apart. */
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
