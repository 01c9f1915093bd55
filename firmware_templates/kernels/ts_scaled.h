/* What ADD, SUB and SQUARED_DIFFERENCE share: both operands at a common scale. */
#ifndef TS_SCALED_H
#define TS_SCALED_H

#include "ts_broadcast.h"
#include "ts_requantize.h"

typedef struct {
    ts_broadcast_t shape;
    int32_t first_offset;
    int32_t second_offset;
    int32_t first_multiplier; /* to the common scale */
    int32_t first_shift;
    int32_t second_multiplier;
    int32_t second_shift;
    ts_output_t output; /* from the common scale */
} ts_scaled_t;

/* Each operand's 256 values at the common scale, indexed by value + 128, and the way back. */
typedef struct {
    const int32_t *first;
    const int32_t *second;
    ts_output_t output;
} ts_scaled_tables_t;

/* Fills `scratch`, 2 * 256 words. */
static inline ts_scaled_tables_t ts_scaled_tables(const ts_scaled_t *params, int32_t extra_bits, int32_t *scratch) {
    for (int32_t value = -128; value < 128; ++value) {
        const int32_t first = (value + params->first_offset) * (INT32_C(1) << extra_bits);
        const int32_t second = (value + params->second_offset) * (INT32_C(1) << extra_bits);
        scratch[value + 128] = ts_requantize(first, params->first_multiplier, params->first_shift);
        scratch[value + 384] = ts_requantize(second, params->second_multiplier, params->second_shift);
    }
    return (ts_scaled_tables_t){scratch + 128, scratch + 384, params->output};
}

#endif
