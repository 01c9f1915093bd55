/** @file
 * MUL where every product can be scaled to an output without a case apart. */
#ifndef TS_PRODUCT_H
#define TS_PRODUCT_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

/** A layer's parameters for ts_product. */
typedef struct {
    const ts_broadcast_t *shape; /**< how the operands broadcast */
    int16_t first_offset;        /**< minus the first operand's zero point */
    int16_t second_offset;       /**< minus the second one's */
    ts_full_output_t output;     /**< scale and range of the output */
} ts_product_t;

/** first * second, element by element.
 * @param params of this layer
 * @param first first operand, laid out as `params->shape` says
 * @param second second operand, likewise
 * @param output one value for each element of the broadcast shape, contiguous */
void ts_product(const ts_product_t *params, const int8_t *first, const int8_t *second, int8_t *output);

#endif
