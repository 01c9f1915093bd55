/** @file
 * L2_NORMALIZATION over rows; the output's scale is 1/128. */
#ifndef TS_L2_NORMALIZATION_H
#define TS_L2_NORMALIZATION_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t columns;
    int32_t zero_point;
} ts_l2_normalization_t;

void ts_l2_normalization(const ts_l2_normalization_t *params, const int8_t *input, int8_t *output);

#endif
