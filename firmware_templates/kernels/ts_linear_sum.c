#include "ts_linear_sum.h"

#include "ts_mve.h"
#include "ts_requantize.h"

/* The values of a run along the innermost loop. */
#ifdef TS_HAS_MVE
/* Four values times a factor, without 8 bits: VQDMULH drops 32 bits of twice the product. */
static inline int32x4_t weigh(int32x4_t values, int32_t factor) {
    return vqdmulhq_n_s32(vshlq_n_s32(values, 23), factor);
}

static inline int32x4_t join(const ts_linear_sum_t *p, int32x4_t first, int32x4_t second) {
    const int32x4_t products = vaddq_s32(weigh(first, p->first_factor), weigh(second, p->second_factor));
    return ts_mve_saturate8(vshrq_n_s32(vaddq_n_s32(products, p->offset), TS_LINEAR_SUM_BITS));
}

static inline void add_run(const ts_linear_sum_t *p, const int8_t *first, const int8_t *second, int8_t *output,
                           int32_t count) {
    for (; count >= 4; count -= 4, first += 4, second += 4, output += 4) {
        vstrbq_s32(output, join(p, vldrbq_s32(first), vldrbq_s32(second)));
    }
    if (count > 0) {
        const mve_pred16_t lanes = vctp32q((uint32_t)count);
        vstrbq_p_s32(output, join(p, vldrbq_z_s32(first, lanes), vldrbq_z_s32(second, lanes)), lanes);
    }
}
#else
#ifdef TS_HAS_SIMD
/* `halves` hold 256 times a value each: sum + its product without 8 bits. */
#define ADD_LOW(factor, halves, sum) __builtin_arm_smlawb(factor, halves, sum)
#define ADD_HIGH(factor, halves, sum) __builtin_arm_smlawt(factor, halves, sum)
#define SATURATE(sum) ((int8_t)__builtin_arm_ssat((sum) >> TS_LINEAR_SUM_BITS, 8))

static inline int32_t add_product(int32_t sum, int32_t factor, int8_t value) {
    return ADD_LOW(factor, value * 256, sum);
}
#else
/* The same by halves: the lower 8 bits of a factor, the others. */
static inline int32_t add_product(int32_t sum, int32_t factor, int8_t value) {
    return sum + (factor >> 8) * value + (((factor & 0xFF) * value) >> 8);
}
#endif

static inline void add_run(const ts_linear_sum_t *p, const int8_t *first, const int8_t *second, int8_t *output,
                           int32_t count) {
    const int32_t first_factor = p->first_factor;
    const int32_t second_factor = p->second_factor;
    const int32_t offset = p->offset;
#ifdef TS_HAS_SIMD
    uint32_t upper = 0xFF00FF00u;
    __asm__("" : "+r"(upper)); /* in a register: with a shift, AND takes no constant */
    for (; count >= 4; count -= 4, first += 4, second += 4, output += 4) {
        const uint32_t a = ts_load4(first);
        const uint32_t b = ts_load4(second);
        const int32_t even_a = (int32_t)((a << 8) & upper);
        const int32_t even_b = (int32_t)((b << 8) & upper);
        const int32_t odd_a = (int32_t)(a & upper);
        const int32_t odd_b = (int32_t)(b & upper);
        output[0] = SATURATE(ADD_LOW(first_factor, even_a, ADD_LOW(second_factor, even_b, offset)));
        output[1] = SATURATE(ADD_LOW(first_factor, odd_a, ADD_LOW(second_factor, odd_b, offset)));
        output[2] = SATURATE(ADD_HIGH(first_factor, even_a, ADD_HIGH(second_factor, even_b, offset)));
        output[3] = SATURATE(ADD_HIGH(first_factor, odd_a, ADD_HIGH(second_factor, odd_b, offset)));
    }
#endif
    for (; count > 0; --count) {
        const int32_t sum = add_product(add_product(offset, first_factor, *first++), second_factor, *second++);
        *output++ = (int8_t)ts_saturate8(sum >> TS_LINEAR_SUM_BITS);
    }
}
#endif

void ts_linear_sum(const ts_linear_sum_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    const ts_broadcast_t *shape = params->shape;
    const int32_t count = shape->extent[TS_BROADCAST_INNER];
    for (int32_t i = 0; i < ts_broadcast_turns(shape, 0); ++i) {
        for (int32_t j = 0; j < ts_broadcast_turns(shape, 1); ++j) {
            for (int32_t k = 0; k < shape->extent[TS_BROADCAST_ROWS]; ++k, output += count) {
                add_run(params, first + ts_broadcast_start(shape->first_step, i, j, k),
                        second + ts_broadcast_start(shape->second_step, i, j, k), output, count);
            }
        }
    }
}
