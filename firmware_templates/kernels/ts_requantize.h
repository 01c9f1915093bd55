/** @file
 * TFLite's fixed-point scaling, with double rounding, as its reference kernels and TFLM compute it. */
#ifndef TS_REQUANTIZE_H
#define TS_REQUANTIZE_H

#include "ts_simd.h"

#include <stdint.h>

#if (-1 >> 1) != -1
#error "right shifts of negative numbers must keep the sign"
#endif

/** a * b / 2^31, rounded to nearest, ties towards plus infinity. Multipliers are never negative, so nothing
 * saturates. */
static inline int32_t ts_doubling_high_mul(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/** value / 2^exponent, rounded to nearest, ties away from zero; exponent 0 to 31, value above INT32_MIN. One less for
 * negative values turns ties away from zero into ties towards plus infinity. */
static inline int32_t ts_rounding_shift_right(int32_t value, int32_t exponent) {
    if (exponent == 0) {
        return value;
    }
    return (((value + (value >> 31)) >> (exponent - 1)) + 1) >> 1;
}

/** value * multiplier * 2^(shift - 31); the left shift wraps as TFLite's does. */
static inline int32_t ts_requantize(int32_t value, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t scaled = ts_doubling_high_mul((int32_t)((uint32_t)value << left), multiplier);
    return ts_rounding_shift_right(scaled, left - shift);
}

/** a * b / 2^32, rounded to nearest, ties towards plus infinity. */
static inline int32_t ts_high_mul(int32_t a, int32_t b) {
#ifdef TS_HAS_SIMD
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
    return high;
#elif defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
    /* Cores that multiply to 32 bits, and would call a function for more: by halves. Nothing overflows. */
    const int32_t a_high = a >> 16;
    const int32_t b_high = b >> 16;
    const uint32_t a_low = (uint32_t)a & 0xFFFFu;
    const uint32_t b_low = (uint32_t)b & 0xFFFFu;
    const int32_t middle = a_high * (int32_t)b_low + (int32_t)((a_low * b_low) >> 16);
    const int32_t rest = (int32_t)a_low * b_high + (middle & 0xFFFF);
    return a_high * b_high + (middle >> 16) + (((rest >> 15) + 1) >> 1);
#elif defined(__ARM_FEATURE_SAT)
    /* What is rounded comes with an addition, as a shifted operand. */
    const int64_t product = (int64_t)a * b;
    return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
#else
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32);
#endif
}

/** value >> the lowest byte of `amount`, 0 to 31: shifts look at no more, but compilers cut the byte out. */
static inline int32_t ts_shift_right(int32_t value, int32_t amount) {
#ifdef __ARM_FEATURE_SAT
    int32_t shifted;
    __asm__("asr %0, %1, %2" : "=r"(shifted) : "r"(value), "r"(amount));
    return shifted;
#else
    return value >> (amount & 0xFF);
#endif
}

/** ts_requantize of half of `twice`, in fewer instructions, plus a zero point: for values between -2^30 and 2^30 and
 * negative shifts. The lowest byte of `right` is -1 - the shift, `rounding` 1 + 2 * the zero point. */
static inline int32_t ts_scale_small(int32_t twice, int32_t multiplier, int32_t right, int32_t rounding) {
    const int32_t scaled = ts_high_mul(twice, multiplier);
    return (ts_shift_right(scaled + (scaled >> 31), right) + rounding) >> 1;
}

/** ts_requantize for values between -2^30 and 2^30. */
static inline int32_t ts_small_requantize(int32_t value, int32_t multiplier, int32_t shift) {
    return shift < 0 ? ts_scale_small(value * 2, multiplier, -1 - shift, 1) : ts_requantize(value, multiplier, shift);
}

/** The nearest int8. */
static inline int32_t ts_saturate8(int32_t value) {
#ifdef __ARM_FEATURE_SAT
    return (int32_t)__builtin_arm_ssat(value, 8);
#else
    return value < -128 ? -128 : value > 127 ? 127 : value;
#endif
}

#ifdef TS_HAS_SIMD
/** value << the lowest byte of `amount`, 0 to 31. */
static inline int32_t ts_shift_left(int32_t value, int32_t amount) {
    int32_t shifted;
    __asm__("lsl %0, %1, %2" : "=r"(shifted) : "r"(value), "r"(amount));
    return shifted;
}

/** sum + a * b / 2^32, rounded to nearest, ties towards plus infinity. */
static inline int32_t ts_high_multiply_add(int32_t a, int32_t b, int32_t sum) {
    int32_t high;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(high) : "r"(a), "r"(b), "r"(sum));
    return high;
}

/** ts_scale_small to the nearest int8, in an instruction less, for shifts from -23 on: `shifted` is its `rounding`, to
 * the left by `right`, so that it is added with the product. Where the product is 0 and `twice` is not, it makes no
 * difference that one is taken away for the sign. */
static inline int32_t ts_scale_to_int8(int32_t twice, int32_t multiplier, int32_t right, int32_t shifted) {
    const int32_t scaled = ts_high_multiply_add(twice, multiplier, shifted) + (twice >> 31);
    return ts_saturate8(ts_shift_right(scaled, right) >> 1);
}
#endif

/** How a result at another scale becomes an int8 output. Loops hold it in a variable of their own: the compiler then
 * knows that the bytes they write are not part of it. */
typedef struct {
    int32_t multiplier; /**< Q0.31, to the output's scale */
    int16_t shift;      /**< to the left, or to the right where it is negative */
    int16_t offset;     /**< the output's zero point */
    int16_t min;        /**< least output: its activation */
    int16_t max;        /**< largest output, likewise */
} ts_output_t;

static inline int8_t ts_clamp(int32_t value, int32_t low, int32_t high) {
    value = value < low ? low : value;
    return (int8_t)(value > high ? high : value);
}

static inline int8_t ts_to_output(const ts_output_t *output, int32_t value) {
    const int32_t scaled = ts_requantize(value, output->multiplier, output->shift);
    return ts_clamp(scaled + output->offset, output->min, output->max);
}

/** Where results lie between -2^30 and 2^30, the shift between -23 and -1 and all of int8 is allowed. */
typedef struct {
    int32_t multiplier; /**< Q0.31, to the output's scale */
    int16_t right;      /**< -1 - the shift */
    int16_t rounding;   /**< 1 + 2 * the zero point */
} ts_full_output_t;

/** Of twice a result. */
static inline int8_t ts_twice_to_full_output(const ts_full_output_t *output, int32_t twice) {
    return (int8_t)ts_saturate8(ts_scale_small(twice, output->multiplier, output->right, output->rounding));
}

static inline int8_t ts_to_full_output(const ts_full_output_t *output, int32_t value) {
    return ts_twice_to_full_output(output, value * 2);
}

/** The same for values between -2^30 and 2^30. */
static inline int8_t ts_small_to_output(const ts_output_t *output, int32_t value) {
    const int32_t scaled = ts_small_requantize(value, output->multiplier, output->shift);
    return ts_clamp(scaled + output->offset, output->min, output->max);
}

#endif
