/** @file
 * Adds rows to sums, one for each column: a SUM, MEAN or AVERAGE_POOL_2D of which a block of rows is there. */
#ifndef TS_COLUMN_SUMS_H
#define TS_COLUMN_SUMS_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t columns;
} ts_column_sums_t;

void ts_column_sums(const ts_column_sums_t *params, const int8_t *input, int32_t *sums);

#endif
