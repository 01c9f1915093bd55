/** @file
 * What ADD, SUB and SQUARED_DIFFERENCE of int16 share: both operands at a common scale. */
#ifndef TS_SCALED_I16_H
#define TS_SCALED_I16_H

#include "ts_broadcast_i16.h"
#include "ts_requantize_i16.h"
#include "ts_scaled.h"

typedef struct {
    ts_scaled_t params;
    const int16_t *first;
    const int16_t *second;
} ts_scaled_operands_i16_t;

#endif
