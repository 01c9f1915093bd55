/** @file
 * ADD and SUB of a constant that repeats row by row; the other operand needs no rounding to come to the common
 * scale. */
#ifndef TS_ADD_CONSTANT_H
#define TS_ADD_CONSTANT_H

#include "ts_common_scale.h"

/** A layer's parameters for ts_add_constant. */
typedef struct {
    int32_t count;          /**< of all values */
    int32_t columns;        /**< values per row */
    const int8_t *constant; /**< (columns,), the scaled operand */
    ts_addends_t addends;   /**< how values come to the common scale */
} ts_add_constant_t;

/** Adds a constant row to every row.
 * @param params of this layer
 * @param input (count / columns, columns)
 * @param output of the same shape; may be `input` */
void ts_add_constant(const ts_add_constant_t *params, const int8_t *input, int8_t *output);

#endif
