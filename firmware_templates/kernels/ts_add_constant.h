/* ADD and SUB of a constant, which is given as twice its values at the common scale; the other operand needs no
 * rounding to come there. */
#ifndef TS_ADD_CONSTANT_H
#define TS_ADD_CONSTANT_H

#include "ts_requantize.h"

typedef struct {
    int32_t rows;
    int32_t columns;
    int32_t factor;
    const int32_t *addends; /* (columns,), with the operand's zero point in them */
    ts_full_output_t output;
} ts_add_constant_t;

void ts_add_constant(const ts_add_constant_t *params, const int8_t *input, int8_t *output);

#endif
