/** @file
 * What ADD, SUB and SQUARED_DIFFERENCE do where it takes the fewest instructions: the operand with the larger
 * scale needs no rounding to come to twice that scale, only a factor. */
#ifndef TS_COMMON_SCALE_H
#define TS_COMMON_SCALE_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

/** How the operands come to the common scale, where they are added. */
typedef struct {
    ts_full_output_t output;   /**< from the common scale */
    int32_t scaled_multiplier; /**< to the common scale */
    int8_t scaled_right;       /**< -1 - the shift that goes with it */
    int8_t scaled_times;       /**< a power of two: how many times the exact operand's factor the scaled one's is */
    int8_t scaled_zero_point;  /**< of the scaled operand */
    int8_t exact_zero_point;   /**< of the exact one */
    int8_t scaled_sign;        /**< times what the join takes of a value; negative where it is subtracted */
    int8_t exact_sign;         /**< 1, or -1 where it is subtracted */
} ts_addends_t;

/** The exact operand is given first. */
typedef struct {
    const ts_broadcast_t *shape; /**< how the operands broadcast */
    ts_addends_t addends;        /**< how values come to the common scale */
} ts_common_scale_t;

/** The same as loops want it. */
typedef struct {
    int32_t exact_factor;      /**< negative where it is subtracted */
    int32_t exact_offset;      /**< what the factor makes of the zero point, negative */
    int32_t scaled_factor;     /**< a power of two */
    int32_t scaled_offset;     /**< what that makes of the zero point, negative */
    int32_t scaled_multiplier; /**< to the common scale */
    int32_t scaled_right;      /**< -1 - the shift that goes with it */
    int32_t scaled_sign;       /**< negative where it is subtracted */
    ts_full_output_t output;   /**< from the common scale */
} ts_operands_t;

/** `bits`: by how many the exact operand is shifted to the left. */
static inline ts_operands_t ts_operands(const ts_addends_t *a, int32_t bits) {
    const int32_t exact_factor = a->exact_sign * (INT32_C(1) << bits);
    const int32_t scaled_factor = a->scaled_times * (INT32_C(1) << bits);
    return (ts_operands_t){
        .exact_factor = exact_factor,
        .exact_offset = -a->exact_zero_point * exact_factor,
        .scaled_factor = scaled_factor,
        .scaled_offset = -a->scaled_zero_point * scaled_factor,
        .scaled_multiplier = a->scaled_multiplier,
        .scaled_right = a->scaled_right,
        .scaled_sign = a->scaled_sign,
        .output = a->output,
    };
}

/** Of ADD and SUB, which join twice their values. */
static inline ts_operands_t ts_terms(const ts_addends_t *a) {
    return ts_operands(a, 20);
}

static inline int32_t ts_exact_operand(const void *params, int8_t value) {
    const ts_operands_t *p = (const ts_operands_t *)params;
    return value * p->exact_factor + p->exact_offset;
}

/** Without its sign. */
static inline int32_t ts_scaled_operand(const void *params, int8_t value) {
    const ts_operands_t *p = (const ts_operands_t *)params;
    const int32_t shifted = value * p->scaled_factor + p->scaled_offset;
    return ts_scale_small(shifted, p->scaled_multiplier, p->scaled_right, 1);
}

#endif
