/** @file
 * ADD and SUB of a constant that repeats row by row; the other operand needs no rounding to come to the common
 * scale. */
#ifndef TS_ADD_CONSTANT_H
#define TS_ADD_CONSTANT_H

#include "ts_common_scale.h"

typedef struct {
    int32_t count; /**< of all values */
    int32_t columns;
    const int8_t *constant; /**< (columns,), the scaled operand */
    ts_operands_t operands;
} ts_add_constant_t;

void ts_add_constant(const ts_add_constant_t *params, const int8_t *input, int8_t *output);

#endif
