/** @file
 * What ADD, SUB and SQUARED_DIFFERENCE share: both operands at a common scale. */
#ifndef TS_SCALED_H
#define TS_SCALED_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

/** Two operands, their common scale and the output. */
typedef struct {
    const ts_broadcast_t *shape; /**< how the operands broadcast */
    int32_t first_offset;        /**< minus the first operand's zero point */
    int32_t second_offset;       /**< minus the second one's */
    int32_t first_multiplier;    /**< to the common scale */
    int32_t first_shift;         /**< likewise */
    int32_t second_multiplier;   /**< of the second operand */
    int32_t second_shift;        /**< likewise */
    ts_output_t output;          /**< from the common scale */
} ts_scaled_t;

static inline int32_t ts_scaled_first(const ts_scaled_t *p, int32_t value, int32_t extra_bits) {
    const int32_t shifted = (value + p->first_offset) * (INT32_C(1) << extra_bits);
    return ts_small_requantize(shifted, p->first_multiplier, p->first_shift);
}

static inline int32_t ts_scaled_second(const ts_scaled_t *p, int32_t value, int32_t extra_bits) {
    const int32_t shifted = (value + p->second_offset) * (INT32_C(1) << extra_bits);
    return ts_small_requantize(shifted, p->second_multiplier, p->second_shift);
}

#endif
