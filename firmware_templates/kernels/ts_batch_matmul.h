/** @file
 * BATCH_MATMUL: (rows, depth) x (depth, columns) for each pair of matrices, each read and written where it lies.
 */
#ifndef TS_BATCH_MATMUL_H
#define TS_BATCH_MATMUL_H

#include "ts_requantize.h"

#include <stdbool.h>

#define TS_BATCH_LOOPS 3

typedef struct {
    int32_t batch_extent[TS_BATCH_LOOPS]; /**< outermost first; steps in elements, 0 where an operand repeats */
    int32_t lhs_batch_step[TS_BATCH_LOOPS];
    int32_t rhs_batch_step[TS_BATCH_LOOPS];
    int32_t output_batch_step[TS_BATCH_LOOPS];
    int32_t rows;
    int32_t depth;
    int32_t columns;
    int32_t lhs_row_step;
    int32_t lhs_depth_step;
    int32_t rhs_depth_step;
    int32_t rhs_column_step;
    int32_t output_row_step;
    int32_t output_column_step;
    ts_full_output_t output;
    int16_t lhs_offset;
    int16_t rhs_offset;
    bool is_small; /**< sums lie between -2^30 and 2^30, the shift is negative */
} ts_batch_matmul_t;

/** `scratch` holds, per four values of the depth, 16 bytes for two rows and 8 bytes for each pair of columns. */
void ts_batch_matmul(const ts_batch_matmul_t *params, const int8_t *lhs, const int8_t *rhs, int8_t *output,
                     int8_t *scratch);

#endif
