/** @file
 * Adds rows to sums, one for each column: a SUM, MEAN or AVERAGE_POOL_2D of which a block of rows is there. */
#ifndef TS_COLUMN_SUMS_H
#define TS_COLUMN_SUMS_H

#include <stdint.h>

/** A layer's parameters for ts_column_sums. */
typedef struct {
    int32_t rows;    /**< of the input */
    int32_t columns; /**< one sum for each */
} ts_column_sums_t;

/** Adds every row to the sums.
 * @param params of this layer
 * @param input (rows, columns)
 * @param sums (columns,), added to */
void ts_column_sums(const ts_column_sums_t *params, const int8_t *input, int32_t *sums);

#endif
