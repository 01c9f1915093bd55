#include "ts_product.h"

#include "ts_broadcast_mve.h"
#include "ts_product_needs.h"

#ifdef TS_HAS_MVE
#define WALK ts_mve_broadcast

static int32x4_t first_operand(const void *params, int32x4_t values) {
    return vaddq_n_s32(values, ((const ts_product_t *)params)->first_offset);
}

static int32x4_t second_operand(const void *params, int32x4_t values) {
    return vaddq_n_s32(values, ((const ts_product_t *)params)->second_offset);
}

static int32x4_t join(const void *params, int32x4_t first, int32x4_t second) {
    return ts_mve_to_full_output(&((const ts_product_t *)params)->output, vmulq_s32(first, second));
}
#elif defined(TS_HAS_SIMD)
/* Both offsets, in both halves, and what ts_scale_to_int8 takes. */
typedef struct {
    int32_t first_offsets;
    int32_t second_offsets;
    int32_t multiplier;
    int32_t right;
    int32_t shifted;
} factors_t;

/* The lower and the upper half of a word. */
static inline int32_t lower_half(int32_t halves) {
    return (int16_t)halves;
}

static inline int32_t upper_half(int32_t halves) {
    return halves >> 16;
}

static inline int8_t scale(const factors_t *p, int32_t twice) {
    return (int8_t)ts_scale_to_int8(twice, p->multiplier, p->right, p->shifted);
}

/* Values times one of the other operand, whose double is `other`. */
static inline void multiply_by_one(const factors_t *p, int32_t offsets, const int8_t *values, int32_t other,
                                   int8_t *output, int32_t count) {
    for (; count >= 4; count -= 4, values += 4, output += 4) {
        const uint32_t word = ts_load4(values);
        const int32_t even = ts_even(offsets, word);
        const int32_t odd = ts_odd(offsets, word);
        output[0] = scale(p, lower_half(even) * lower_half(other));
        output[1] = scale(p, lower_half(odd) * lower_half(other));
        output[2] = scale(p, upper_half(even) * lower_half(other));
        output[3] = scale(p, upper_half(odd) * lower_half(other));
    }
    for (; count > 0; --count) {
        *output++ = scale(p, (*values++ + lower_half(offsets)) * lower_half(other));
    }
}

static inline void multiply(const factors_t *p, const int8_t *first, const int8_t *second, int8_t *output,
                            int32_t count) {
    for (; count >= 4; count -= 4, first += 4, second += 4, output += 4) {
        const uint32_t a = ts_load4(first);
        const uint32_t b = ts_load4(second);
        const int32_t even_a = ts_even(p->first_offsets, a);
        const int32_t odd_a = ts_odd(p->first_offsets, a);
        const int32_t even_b = ts_even(p->second_offsets, b);
        const int32_t odd_b = ts_odd(p->second_offsets, b);
        const int32_t even_twice = (int32_t)__builtin_arm_sadd16(even_b, even_b);
        const int32_t odd_twice = (int32_t)__builtin_arm_sadd16(odd_b, odd_b);
        output[0] = scale(p, lower_half(even_a) * lower_half(even_twice));
        output[1] = scale(p, lower_half(odd_a) * lower_half(odd_twice));
        output[2] = scale(p, upper_half(even_a) * upper_half(even_twice));
        output[3] = scale(p, upper_half(odd_a) * upper_half(odd_twice));
    }
    for (; count > 0; --count) {
        const int32_t other = *second++ + lower_half(p->second_offsets);
        *output++ = scale(p, 2 * (*first++ + lower_half(p->first_offsets)) * other);
    }
}

void ts_product(const ts_product_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    const ts_broadcast_t *shape = params->shape;
    const ts_full_output_t *scaling = &params->output;
    const factors_t p = {.first_offsets = ts_both(params->first_offset),
                         .second_offsets = ts_both(params->second_offset),
                         .multiplier = scaling->multiplier,
                         .right = scaling->right,
                         .shifted = ts_shift_left(scaling->rounding, scaling->right)};
    const int32_t count = shape->extent[TS_BROADCAST_INNER];
    const bool second_repeats = shape->second_step[TS_BROADCAST_INNER] == 0;
    const bool first_repeats = shape->first_step[TS_BROADCAST_INNER] == 0;
    for (int32_t i = 0; i < ts_broadcast_turns(shape, 0); ++i) {
        for (int32_t j = 0; j < ts_broadcast_turns(shape, 1); ++j) {
            for (int32_t k = 0; k < shape->extent[TS_BROADCAST_ROWS]; ++k, output += count) {
                const int8_t *a = first + ts_broadcast_start(shape->first_step, i, j, k);
                const int8_t *b = second + ts_broadcast_start(shape->second_step, i, j, k);
                if (TS_PRODUCT_SECOND_REPEATS && second_repeats) {
                    multiply_by_one(&p, p.first_offsets, a, 2 * (*b + params->second_offset), output, count);
                } else if (TS_PRODUCT_FIRST_REPEATS && first_repeats) {
                    multiply_by_one(&p, p.second_offsets, b, 2 * (*a + params->first_offset), output, count);
                } else if (TS_PRODUCT_NONE_REPEATS) {
                    multiply(&p, a, b, output, count);
                } else {
                    /* No layer of the model comes here. */
                }
            }
        }
    }
}
#else
#define WALK ts_broadcast_operands

static int32_t first_operand(const void *params, int8_t value) {
    const ts_product_t *p = (const ts_product_t *)params;
    return value + p->first_offset;
}

static int32_t second_operand(const void *params, int8_t value) {
    const ts_product_t *p = (const ts_product_t *)params;
    return value + p->second_offset;
}

static int8_t join(const void *params, int32_t first, int32_t second) {
    const ts_product_t *p = (const ts_product_t *)params;
    return ts_to_full_output(&p->output, first * second);
}
#endif

#if defined(TS_HAS_MVE) || !defined(TS_HAS_SIMD)
void ts_product(const ts_product_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    const ts_product_t p = *params;
    const ts_walks_t walks = {TS_PRODUCT_SECOND_REPEATS, TS_PRODUCT_FIRST_REPEATS, TS_PRODUCT_NONE_REPEATS};
    WALK(p.shape, walks, first_operand, second_operand, join, &p, first, second, output);
}
#endif
