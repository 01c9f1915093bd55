/** @file
 * Sixteen int8 or four int32 at a time on cores with the vector extension of Armv8.1-M (MVE, Helium). */
#ifndef TS_MVE_H
#define TS_MVE_H

#include "ts_requantize.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define TS_HAS_MVE 1 /**< where these functions are there */

#include <arm_mve.h>

/** value / 2^-shift, rounded to nearest, ties away from zero, of four values. Shifts are -1 to -31; of each only the
 * lowest byte counts. VRSHL rounds ties towards plus infinity, so negative values are one less before. */
static inline int32x4_t ts_mve_shift_right(int32x4_t value, int32x4_t shift) {
    return vrshlq_s32(vaddq_s32(value, vshrq_n_s32(value, 31)), shift);
}

/** The same where all shifts are alike. */
static inline int32x4_t ts_mve_shift_all_right(int32x4_t value, int32_t shift) {
    return vrshlq_n_s32(vaddq_s32(value, vshrq_n_s32(value, 31)), shift);
}

/** ts_requantize of four values, each with a multiplier and a shift of its own. */
static inline int32x4_t ts_mve_requantize(int32x4_t value, int32x4_t multiplier, int32x4_t shift) {
    const int32x4_t zero = vdupq_n_s32(0);
    const int32x4_t right = vminq_s32(shift, zero);
    const int32x4_t scaled = vqrdmulhq_s32(vshlq_s32(value, vmaxq_s32(shift, zero)), multiplier);
    const int32x4_t below_zero = vshrq_n_s32(vandq_s32(scaled, right), 31); /* -1 where something is shifted out, too */
    return vrshlq_s32(vaddq_s32(scaled, below_zero), right);
}

/** The nearest int8 of four values, in the lowest byte of each; what is above it is of no account. */
static inline int32x4_t ts_mve_saturate8(int32x4_t value) {
    const int16x8_t halves = vqmovnbq_s32(vreinterpretq_s16_s32(value), value);
    return vreinterpretq_s32_s8(vqmovnbq_s16(vreinterpretq_s8_s16(halves), halves));
}

/** ts_full_output_t's shift, zero point and range of four products. */
static inline int32x4_t ts_mve_round_output(const ts_full_output_t *output, int32x4_t product) {
    const int32x4_t shifted = ts_mve_shift_all_right(product, -1 - output->right);
    return ts_mve_saturate8(vaddq_n_s32(shifted, output->rounding >> 1));
}

/** ts_to_full_output of four values. */
static inline int32x4_t ts_mve_to_full_output(const ts_full_output_t *output, int32x4_t value) {
    return ts_mve_round_output(output, vqrdmulhq_n_s32(value, output->multiplier));
}

/** ts_twice_to_full_output of four values. */
static inline int32x4_t ts_mve_twice_to_full_output(const ts_full_output_t *output, int32x4_t twice) {
    return ts_mve_round_output(output, vrmulhq_s32(twice, vdupq_n_s32(output->multiplier)));
}

/** Puts two values into lanes 0 and 2, or 1 and 3: in this order, whichever way the lanes are written. */
static inline int32x4_t ts_mve_set_even(int32x4_t lanes, int32_t first, int32_t second) {
    __asm__("vmov %q0[2], %q0[0], %1, %2" : "+w"(lanes) : "r"(first), "r"(second));
    return lanes;
}

static inline int32x4_t ts_mve_set_odd(int32x4_t lanes, int32_t first, int32_t second) {
    __asm__("vmov %q0[3], %q0[1], %1, %2" : "+w"(lanes) : "r"(first), "r"(second));
    return lanes;
}

/** As memcpy. */
static inline void ts_mve_copy(int8_t *target, const int8_t *source, int32_t count) {
    __asm__ volatile("wlstp.8 lr, %[count], 2f\n\t"
                     "1:\n\t"
                     "vldrb.8 q0, [%[source]], #16\n\t"
                     "vstrb.8 q0, [%[target]], #16\n\t"
                     "letp lr, 1b\n\t"
                     "2:"
                     : [target] "+r"(target), [source] "+r"(source)
                     : [count] "r"(count)
                     : "q0", "lr", "memory");
}
#endif

#endif
