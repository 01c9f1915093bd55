/** @file
 * BATCH_MATMUL on int16, as ts_batch_matmul.h says. */
#ifndef TS_BATCH_MATMUL_I16_H
#define TS_BATCH_MATMUL_I16_H

#include "ts_batch_matmul.h"

/** Zero points are 0; the output's multiplier and `right` are those of ts_scale_wide. */
typedef ts_batch_matmul_t ts_batch_matmul_i16_t;

/** Products of all pairs of matrices.
 * @param params of this layer
 * @param lhs left matrices, (rows, depth) each
 * @param rhs right matrices, (depth, columns) each
 * @param output (rows, columns) each
 * @param scratch per pair of values of the depth, 4 bytes for a row and 4 for each column */
void ts_batch_matmul_i16(const ts_batch_matmul_i16_t *params, const int16_t *lhs, const int16_t *rhs, int16_t *output,
                         int8_t *scratch);

#endif
