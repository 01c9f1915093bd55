/* BATCH_MATMUL: (rows, depth) x (depth, columns) for each pair of matrices. */
#ifndef TS_BATCH_MATMUL_H
#define TS_BATCH_MATMUL_H

#include "ts_broadcast.h"

typedef struct {
    ts_broadcast_t batch; /* steps from matrix to matrix, in elements */
    int32_t rows;
    int32_t depth;
    int32_t columns;
    int32_t lhs_row_step;
    int32_t lhs_depth_step;
    int32_t rhs_depth_step;
    int32_t rhs_column_step;
    int32_t lhs_offset;
    int32_t rhs_offset;
    int32_t output_offset;
    int32_t multiplier;
    int32_t shift;
} ts_batch_matmul_t;

void ts_batch_matmul(const ts_batch_matmul_t *params, const int8_t *lhs, const int8_t *rhs, int8_t *output);

#endif
