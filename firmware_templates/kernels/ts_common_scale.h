/** @file
 * What ADD, SUB and SQUARED_DIFFERENCE do where it takes the fewest instructions: the operand with the larger
 * scale needs no rounding to come to twice that scale, only a factor. */
#ifndef TS_COMMON_SCALE_H
#define TS_COMMON_SCALE_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

/** Values at the common scale are added. */
typedef struct {
    int32_t exact_factor;      /**< negative where it is subtracted */
    int32_t exact_offset;      /**< what the factor makes of the zero point, negative */
    int32_t scaled_factor;     /**< a power of two */
    int32_t scaled_offset;     /**< what that makes of the zero point, negative */
    int32_t scaled_multiplier; /**< to the common scale */
    int16_t scaled_right;      /**< -1 - the shift that goes with it */
    int16_t scaled_sign;       /**< negative where it is subtracted */
    ts_full_output_t output;   /**< from the common scale */
} ts_operands_t;

/** The exact operand is given first. */
typedef struct {
    const ts_broadcast_t *shape; /**< how the operands broadcast */
    ts_operands_t operands;      /**< how values come to the common scale */
} ts_common_scale_t;

static inline int32_t ts_exact_operand(const ts_operands_t *p, int32_t value) {
    return value * p->exact_factor + p->exact_offset;
}

/** Without its sign. */
static inline int32_t ts_scaled_operand(const ts_operands_t *p, int32_t value) {
    const int32_t shifted = value * p->scaled_factor + p->scaled_offset;
    return ts_scale_small(shifted, p->scaled_multiplier, p->scaled_right, 1);
}

#endif
