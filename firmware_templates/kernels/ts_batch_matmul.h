/** @file
 * BATCH_MATMUL: (rows, depth) x (depth, columns) for each pair of matrices, each read and written where it lies.
 */
#ifndef TS_BATCH_MATMUL_H
#define TS_BATCH_MATMUL_H

#include "ts_batch_matmul_needs.h"
#include "ts_requantize.h"

#include <stdbool.h>

/** @def TS_BATCH_LOOPS
 * As many of three nested loops over pairs of matrices as the model has.
 * @def TS_BATCH_NEST
 * A list with something for each of these loops. */
#if TS_BATCH_MATMUL_NESTED
#define TS_BATCH_LOOPS 3
#define TS_BATCH_NEST(a, b, c) {(a), (b), (c)}
#else
#define TS_BATCH_LOOPS 1
#define TS_BATCH_NEST(a, b, c) {(c)}
#endif
#define TS_BATCH_INNER (TS_BATCH_LOOPS - 1) /**< index of the innermost loop */

/** A layer's parameters for ts_batch_matmul. */
typedef struct {
    int32_t batch_extent[TS_BATCH_LOOPS];      /**< outermost first; steps in elements, 0 where an operand repeats */
    int32_t lhs_batch_step[TS_BATCH_LOOPS];    /**< from matrix to matrix, of the left operand */
    int32_t rhs_batch_step[TS_BATCH_LOOPS];    /**< of the right one */
    int32_t output_batch_step[TS_BATCH_LOOPS]; /**< of the output */
    int32_t rows;                              /**< of a left matrix */
    int32_t depth;                             /**< columns of a left matrix, rows of a right one */
    int32_t columns;                           /**< of a right matrix */
    int32_t lhs_row_step;                      /**< elements from row to row */
    int32_t lhs_depth_step;                    /**< within a row */
    int32_t rhs_depth_step;                    /**< from row to row */
    int32_t rhs_column_step;                   /**< within a row */
    int32_t output_row_step;                   /**< from row to row */
    int32_t output_column_step;                /**< within a row */
    ts_full_output_t output;                   /**< scale and range of the output */
    int16_t lhs_offset;                        /**< minus the left operand's zero point */
    int16_t rhs_offset;                        /**< minus the right one's */
    bool is_small;                             /**< sums lie between -2^30 and 2^30, the shift is negative */
} ts_batch_matmul_t;

/** Turns of an outer loop. */
static inline int32_t ts_batch_turns(const ts_batch_matmul_t *p, int32_t loop) {
    return TS_BATCH_MATMUL_NESTED ? p->batch_extent[loop] : 1;
}

/** Where a pair of matrices lies in an operand of these steps. */
static inline int32_t ts_batch_start(const int32_t *step, int32_t i, int32_t j, int32_t k) {
    return (TS_BATCH_MATMUL_NESTED ? i * step[0] + j * step[TS_BATCH_LOOPS / 2] : 0) + k * step[TS_BATCH_INNER];
}

/** Products of all pairs of matrices.
 * @param params of this layer
 * @param lhs left matrices, (rows, depth) each
 * @param rhs right matrices, (depth, columns) each
 * @param output (rows, columns) each
 * @param scratch per four values of the depth, 16 bytes for two rows and 8 bytes for each pair of columns */
void ts_batch_matmul(const ts_batch_matmul_t *params, const int8_t *lhs, const int8_t *rhs, int8_t *output,
                     int8_t *scratch);

#endif
