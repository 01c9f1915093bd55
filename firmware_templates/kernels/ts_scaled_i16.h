/** @file
 * What ADD, SUB and SQUARED_DIFFERENCE of int16 share: both operands at a common scale. */
#ifndef TS_SCALED_I16_H
#define TS_SCALED_I16_H

#include "ts_broadcast_i16.h"
#include "ts_requantize_i16.h"
#include "ts_scaled.h"

/** What a loop over pairs of elements needs. */
typedef struct {
    ts_scaled_t params;    /**< of the layer */
    const int16_t *first;  /**< first operand */
    const int16_t *second; /**< second operand */
} ts_scaled_operands_i16_t;

#endif
