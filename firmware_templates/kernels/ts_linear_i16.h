/** @file
 * What linear layers of int16 values and int8 weights share: four dot products at a time, and TFLM's two
 * scalings.
 *
 * The weights of four channels lie in blocks of four inputs, 16 bytes: bytes 0, 2, 1 and 3 of each channel in turn, so
 * that widening every other byte of a word gives neighbours. Behind the last inputs and channels lie zeros. */
#ifndef TS_LINEAR_I16_H
#define TS_LINEAR_I16_H

#include "ts_requantize_i16.h"

/** Products of an int8 and an int16 of which a sum always fits 32 bits: 508 * 2^7 * 2^15 < 2^31. */
#define TS_NARROW_TERMS 508

/** Of four channels. Small sums are multiplied by `multiplier` / 2^32; other wide ones as ts_scale_wide says, narrow
 * ones as ts_requantize. */
typedef struct {
    int32_t bias_low[4];   /**< lower words of the biases */
    int32_t bias_high[4];  /**< upper words */
    int32_t multiplier[4]; /**< of each channel */
    int32_t shift[4];      /**< likewise */
} ts_quad_i16_t;

#define TS_QUAD_I16_WORDS 16 /**< of a ts_quad_i16_t */

/** How sums become outputs. */
typedef struct {
    int32_t is_wide;  /**< sums are scaled in 64 bits */
    int32_t is_small; /**< they are, but fit 32 bits, and so do their multipliers times 2^32 */
    int32_t min;      /**< least output: its activation */
    int32_t max;      /**< largest output, likewise */
} ts_linear_output_t;

/** sum * multiplier / 2^shift, ties towards plus infinity, modulo 2^32; for sums between -2^47 and 2^47 and multipliers
 * of 15 bits. */
static inline int32_t ts_scale_wide(int64_t sum, int32_t multiplier, int32_t shift) {
    return (int32_t)((sum * multiplier + (INT64_C(1) << (shift - 1))) >> shift);
}

/** The biases of a quad, for sums to start with. */
static inline void ts_start_quad(const ts_quad_i16_t *quad, int64_t sums[4]) {
    for (int32_t lane = 0; lane < 4; ++lane) {
        sums[lane] = (int64_t)(((uint64_t)(uint32_t)quad->bias_high[lane] << 32) | (uint32_t)quad->bias_low[lane]);
    }
}

/** The first `lanes` sums of a quad as outputs. Narrow ones count modulo 2^32, as TFLM adds them up. */
static inline void ts_finish_quad(const ts_linear_output_t *output, const ts_quad_i16_t *quad, const int64_t sums[4],
                                  int32_t lanes, int16_t *to) {
    for (int32_t lane = 0; lane < lanes; ++lane) {
        const int32_t multiplier = quad->multiplier[lane];
        const int32_t shift = quad->shift[lane];
        const int32_t scaled = output->is_wide ? ts_scale_wide(sums[lane], multiplier, shift)
                                               : ts_requantize((int32_t)sums[lane], multiplier, shift);
        to[lane] = ts_clamp_i16(scaled, output->min, output->max);
    }
}

/** The same of small sums. */
static inline void ts_finish_small_quad(const ts_linear_output_t *output, const ts_quad_i16_t *quad,
                                        const int32_t sums[4], int32_t lanes, int16_t *to) {
    for (int32_t lane = 0; lane < lanes; ++lane) {
        to[lane] = ts_clamp_i16(ts_high_mul(sums[lane], quad->multiplier[lane]), output->min, output->max);
    }
}

/** sums[i] += row times channel i of a quad, where that fits 32 bits. */
static inline void ts_narrow_dot_i16(const int16_t *row, const int8_t *weights, int32_t count, int32_t sums[4]) {
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];
#ifdef TS_HAS_SIMD
    for (; count >= 4; count -= 4, row += 4, weights += 16) {
        const int32_t first = ts_load2_i16(row);
        const int32_t second = ts_load2_i16(row + 2);
        const uint32_t w0 = ts_load4(weights);
        const uint32_t w1 = ts_load4(weights + 4);
        const uint32_t w2 = ts_load4(weights + 8);
        const uint32_t w3 = ts_load4(weights + 12);
        sum0 = ts_multiply_add(second, ts_plain_odd(w0), ts_multiply_add(first, ts_plain_even(w0), sum0));
        sum1 = ts_multiply_add(second, ts_plain_odd(w1), ts_multiply_add(first, ts_plain_even(w1), sum1));
        sum2 = ts_multiply_add(second, ts_plain_odd(w2), ts_multiply_add(first, ts_plain_even(w2), sum2));
        sum3 = ts_multiply_add(second, ts_plain_odd(w3), ts_multiply_add(first, ts_plain_even(w3), sum3));
    }
#endif
    for (; count > 0; count -= 4, weights += 16) {
        for (int32_t i = 0; i < 4 && i < count; ++i) {
            const int32_t value = *row++;
            const int32_t at = (i & 1) * 2 + (i >> 1);
            sum0 += value * weights[at];
            sum1 += value * weights[4 + at];
            sum2 += value * weights[8 + at];
            sum3 += value * weights[12 + at];
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

/** The same over any number of inputs. */
static inline void ts_dot_i16(const int16_t *row, const int8_t *weights, int32_t count, int64_t sums[4]) {
    while (count > 0) {
        const int32_t terms = count < TS_NARROW_TERMS ? count : TS_NARROW_TERMS;
        int32_t narrow[4] = {0, 0, 0, 0};
        ts_narrow_dot_i16(row, weights, terms, narrow);
        for (int32_t i = 0; i < 4; ++i) {
            sums[i] += narrow[i];
        }
        row += terms;
        weights += 4 * terms; /* TS_NARROW_TERMS is a multiple of four */
        count -= terms;
    }
}

#endif
