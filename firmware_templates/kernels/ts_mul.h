/** @file
 * MUL: first * second, element by element with broadcasting. */
#ifndef TS_MUL_H
#define TS_MUL_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

/** A layer's parameters for ts_mul. */
typedef struct {
    const ts_broadcast_t *shape; /**< how the operands broadcast */
    int32_t first_offset;        /**< minus the first operand's zero point */
    int32_t second_offset;       /**< minus the second one's */
    ts_output_t output;          /**< scale and range of the output */
} ts_mul_t;

/** first * second, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_mul(const ts_mul_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
