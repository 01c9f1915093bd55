/** @file
 * Four int8 at a time on cores with the DSP extension (Armv7E-M, Armv8-M): a word holds four bytes, two words
 * four 16-bit halves. The compiler's own names for the instructions are used, so that no header is needed. */
#ifndef TS_SIMD_H
#define TS_SIMD_H

#include <stdint.h>
#include <string.h>

/** @def TS_INLINE
 * Functions in inner loops, which compilers that optimize for size would call. */
/** @def TS_APART
 * What few turns of a loop come to, and what would fill flash in each place that calls it. */
/** @def TS_NEST
 * Loops that need all registers, which they get where they are called, and where compilers for speed share them out. */
#ifdef __GNUC__
#define TS_INLINE static inline __attribute__((always_inline))
#define TS_APART static __attribute__((noinline))
#else
#define TS_INLINE static inline
#define TS_APART static
#endif
#ifdef __OPTIMIZE_SIZE__
#define TS_NEST TS_APART
#else
#define TS_NEST TS_INLINE
#endif

#if (defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)) && defined(__OPTIMIZE__) &&                            \
    !defined(__OPTIMIZE_SIZE__) && !defined(__clang__)
/** On cores that multiply to 32 bits: assembly may use registers 8 and above, which GCC leaves alone when it optimizes
 * for size. */
#define TS_HAS_HIGH_REGISTERS 1
#endif

#if defined(__ARM_FEATURE_SIMD32) && __ARM_FEATURE_SIMD32 == 1
#define TS_HAS_SIMD 1 /**< the instructions are there */

/** Four bytes from any address. */
static inline uint32_t ts_load4(const int8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/** One 16-bit value in both halves. */
static inline int32_t ts_both(int32_t value) {
    return (int32_t)(((uint32_t)value & 0xFFFFu) * 0x10001u);
}

/** Bytes 0 and 2 of a word, sign-extended, each plus a half of `offsets`. */
static inline int32_t ts_even(int32_t offsets, uint32_t word) {
    return (int32_t)__builtin_arm_sxtab16(offsets, (int32_t)word);
}

/** Bytes 1 and 3. Compilers do not put the rotation into the instruction by themselves. */
static inline int32_t ts_odd(int32_t offsets, uint32_t word) {
    int32_t halves;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(halves) : "r"(offsets), "r"(word));
    return halves;
}

/** The same without offsets. */
static inline int32_t ts_plain_even(uint32_t word) {
    return (int32_t)__builtin_arm_sxtb16((int32_t)word);
}

static inline int32_t ts_plain_odd(uint32_t word) {
    int32_t halves;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
    return halves;
}

/** sum + the products of the lower and of the upper halves. */
static inline int32_t ts_multiply_add(int32_t a, int32_t b, int32_t sum) {
    return (int32_t)__builtin_arm_smlad(a, b, sum);
}

/** sum + the product of the lower halves, or of the upper ones. */
static inline int32_t ts_multiply_add_low(int32_t a, int32_t b, int32_t sum) {
    return __builtin_arm_smlabb(a, b, sum);
}

static inline int32_t ts_multiply_add_high(int32_t a, int32_t b, int32_t sum) {
    return __builtin_arm_smlatt(a, b, sum);
}

/** sum + the product of the upper half of a and the lower half of b. */
static inline int32_t ts_multiply_add_mixed(int32_t a, int32_t b, int32_t sum) {
    return __builtin_arm_smlatb(a, b, sum);
}

/** Two int16 from any address. */
static inline int32_t ts_load2_i16(const int16_t *values) {
    int32_t word;
    memcpy(&word, values, sizeof word);
    return word;
}
#endif

#endif
