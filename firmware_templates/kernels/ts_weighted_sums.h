/** @file
 * Adds rows times weights to sums: a FULLY_CONNECTED of which a block of inputs is there. */
#ifndef TS_WEIGHTED_SUMS_H
#define TS_WEIGHTED_SUMS_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t inputs; /**< values per row */
    int32_t sums;
} ts_weighted_sums_t;

/** weights (rows, sums, inputs) */
void ts_weighted_sums(const ts_weighted_sums_t *params, const int8_t *input, const int8_t *weights, int32_t *sums);

#endif
