/** @file
 * LOGISTIC and x * LOGISTIC(x): a look-up, in a table that is computed first, where that takes less flash than it. */
#ifndef TS_LOGISTIC_H
#define TS_LOGISTIC_H

#include "ts_requantize.h"

/** A layer's parameters for ts_logistic. */
typedef struct {
    int32_t count;            /**< values */
    int32_t multiplier;       /**< (x - zero point) * 2^left * multiplier / 2^31 is x in Q4 */
    ts_full_output_t product; /**< of x and its LOGISTIC; a multiplier of 0: LOGISTIC alone */
    int16_t radius;           /**< distances from the zero point of this and more are infinite */
    int8_t left;              /**< goes with the multiplier */
    int8_t zero_point;        /**< of the input */
} ts_logistic_t;

/** LOGISTIC of all values, or their products with it.
 * @param params of this layer
 * @param input (count,)
 * @param output (count,); may be `input`
 * @param scratch for the table, 256 bytes */
void ts_logistic(const ts_logistic_t *params, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
