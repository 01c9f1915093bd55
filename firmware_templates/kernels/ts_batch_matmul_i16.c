#include "ts_batch_matmul_i16.h"

#include "ts_linear_i16.h"

/* `depth` values `step` apart, side by side, with a zero behind an odd number of them. */
static void pack(const int16_t *from, int32_t step, int32_t depth, int16_t *packed) {
    for (int32_t i = 0; i < depth; ++i, from += step) {
        packed[i] = *from;
    }
    if ((depth & 1) != 0) {
        packed[depth] = 0;
    }
}

/* The sum of the products of `pairs` times two values. */
static int64_t dot(const int16_t *left, const int16_t *right, int32_t pairs) {
    int64_t sum = 0;
    for (; pairs > 0; --pairs, left += 2, right += 2) {
#ifdef TS_HAS_SIMD
        sum = __builtin_arm_smlald(ts_load2_i16(left), ts_load2_i16(right), sum);
#else
        sum += left[0] * right[0];
        sum += left[1] * right[1];
#endif
    }
    return sum;
}

/* One pair of matrices; `scratch` as in the header. */
static void multiply(const ts_batch_matmul_i16_t *p, const int16_t *lhs, const int16_t *rhs, int16_t *output,
                     int16_t *scratch) {
    const int32_t pairs = (p->depth + 1) >> 1;
    int16_t *columns = scratch + 2 * pairs;
    for (int32_t column = 0; column < p->columns; ++column) {
        pack(rhs + column * p->rhs_column_step, p->rhs_depth_step, p->depth, columns + column * 2 * pairs);
    }
    for (int32_t row = 0; row < p->rows; ++row) {
        pack(lhs + row * p->lhs_row_step, p->lhs_depth_step, p->depth, scratch);
        for (int32_t column = 0; column < p->columns; ++column) {
            const int64_t sum = dot(scratch, columns + column * 2 * pairs, pairs);
            const int32_t scaled = ts_scale_wide(sum, p->output.multiplier, p->output.right);
            output[row * p->output_row_step + column * p->output_column_step] =
                ts_clamp_i16(scaled, INT16_MIN, INT16_MAX);
        }
    }
}

void ts_batch_matmul_i16(const ts_batch_matmul_i16_t *params, const int16_t *lhs, const int16_t *rhs, int16_t *output,
                         int8_t *scratch) {
    const ts_batch_matmul_i16_t p = *params;
    for (int32_t i = 0; i < ts_batch_turns(&p, 0); ++i) {
        for (int32_t j = 0; j < ts_batch_turns(&p, TS_BATCH_LOOPS / 2); ++j) {
            for (int32_t k = 0; k < p.batch_extent[TS_BATCH_INNER]; ++k) {
                multiply(&p, lhs + ts_batch_start(p.lhs_batch_step, i, j, k),
                         rhs + ts_batch_start(p.rhs_batch_step, i, j, k),
                         output + ts_batch_start(p.output_batch_step, i, j, k), (int16_t *)(void *)scratch);
            }
        }
    }
}
