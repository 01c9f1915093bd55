/* SQUARED_DIFFERENCE: (first - second)^2, element by element with broadcasting. */
#ifndef TS_SQUARED_DIFFERENCE_H
#define TS_SQUARED_DIFFERENCE_H

#include "ts_broadcast.h"

typedef struct {
    ts_broadcast_t shape;
    int32_t first_offset;
    int32_t second_offset;
    int32_t output_offset;
    int32_t output_min;
    int32_t output_max;
    int32_t first_multiplier; /* to the common scale */
    int32_t first_shift;
    int32_t second_multiplier;
    int32_t second_shift;
    int32_t output_multiplier; /* from the common scale */
    int32_t output_shift;
} ts_squared_difference_t;

void ts_squared_difference(const ts_squared_difference_t *params, const int8_t *first, const int8_t *second,
                           int8_t *output);

#endif
