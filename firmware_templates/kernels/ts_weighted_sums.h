/** @file
 * Adds rows times weights to sums: a FULLY_CONNECTED of which a block of inputs is there. */
#ifndef TS_WEIGHTED_SUMS_H
#define TS_WEIGHTED_SUMS_H

#include <stdint.h>

/** A layer's parameters for ts_weighted_sums. */
typedef struct {
    int32_t rows;   /**< of inputs */
    int32_t inputs; /**< values per row */
    int32_t sums;   /**< how many */
} ts_weighted_sums_t;

/** Adds the products of rows and weights to the sums.
 * @param params of this layer
 * @param input (rows, inputs)
 * @param weights (rows, sums, inputs)
 * @param sums (sums,), added to */
void ts_weighted_sums(const ts_weighted_sums_t *params, const int8_t *input, const int8_t *weights, int32_t *sums);

#endif
