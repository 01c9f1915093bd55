/** @file
 * L2_NORMALIZATION over rows; the output's scale is 1/128. */
#ifndef TS_L2_NORMALIZATION_H
#define TS_L2_NORMALIZATION_H

#include <stdint.h>

/** A layer's parameters for ts_l2_normalization. */
typedef struct {
    int32_t rows;       /**< of the input */
    int32_t columns;    /**< values per row */
    int32_t zero_point; /**< of the input */
} ts_l2_normalization_t;

/** Each row divided by its length.
 * @param params of this layer
 * @param input (rows, columns)
 * @param output of the same shape */
void ts_l2_normalization(const ts_l2_normalization_t *params, const int8_t *input, int8_t *output);

#endif
