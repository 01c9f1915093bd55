#include "ts_batch_matmul.h"

#include "ts_dot.h"
#include "ts_requantize.h"

static void store(const ts_batch_matmul_t *p, int8_t *output, int32_t row, int32_t column, int32_t sum) {
    output[row * p->output_row_step + column * p->output_column_step] =
        ts_clamp(ts_requantize(sum, p->multiplier, p->shift) + p->output_offset, -128, 127);
}

/* Both operands walk along the depth byte by byte: two rows and two columns at a time. */
static void multiply_contiguous(const ts_batch_matmul_t *p, const int8_t *lhs, const int8_t *rhs, int8_t *output) {
    for (int32_t row = 0; row < p->rows; row += 2) {
        const int32_t row1 = row + 1 < p->rows ? row + 1 : row; /* an odd last row is computed twice */
        ts_dot_t rows = {{lhs + row * p->lhs_row_step, lhs + row1 * p->lhs_row_step}, {rhs, rhs}, 0, 0, p->depth};
        rows.left_offset = p->lhs_offset;
        rows.right_offset = p->rhs_offset;
        for (int32_t column = 0; column < p->columns; column += 2) {
            const int32_t column1 = column + 1 < p->columns ? column + 1 : column;
            int32_t sums[4] = {0, 0, 0, 0};
            rows.right[0] = rhs + column * p->rhs_column_step;
            rows.right[1] = rhs + column1 * p->rhs_column_step;
            ts_dot_2x2(&rows, sums);
            store(p, output, row, column, sums[0]);
            store(p, output, row, column1, sums[1]);
            store(p, output, row1, column, sums[2]);
            store(p, output, row1, column1, sums[3]);
        }
    }
}

#ifdef TS_HAS_SIMD
/* Four neighbouring columns of one row. */
static void multiply_4_columns(const ts_batch_matmul_t *p, const int8_t *lhs, const int8_t *rhs, int32_t sums[4]) {
    const int32_t offsets = ts_both(p->rhs_offset);
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;
    for (int32_t left = p->depth; left > 0; --left) {
        const int32_t a = *lhs + p->lhs_offset;
        const uint32_t b = ts_load4(rhs);
        const int32_t even = ts_even(offsets, b);
        const int32_t odd = ts_odd(offsets, b);
        sum0 += a * ts_low(even);
        sum1 += a * ts_low(odd);
        sum2 += a * ts_high(even);
        sum3 += a * ts_high(odd);
        lhs += p->lhs_depth_step;
        rhs += p->rhs_depth_step;
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}
#endif

static int32_t dot(const ts_batch_matmul_t *p, const int8_t *lhs, const int8_t *rhs) {
    int32_t sum = 0;
    for (int32_t left = p->depth; left > 0; --left) {
        sum += (*lhs + p->lhs_offset) * (*rhs + p->rhs_offset);
        lhs += p->lhs_depth_step;
        rhs += p->rhs_depth_step;
    }
    return sum;
}

static void multiply(const ts_batch_matmul_t *p, const int8_t *lhs, const int8_t *rhs, int8_t *output) {
    if (p->lhs_depth_step == 1 && p->rhs_depth_step == 1) {
        multiply_contiguous(p, lhs, rhs, output);
        return;
    }
    for (int32_t row = 0; row < p->rows; ++row) {
        int32_t column = 0;
#ifdef TS_HAS_SIMD
        for (; p->rhs_column_step == 1 && column + 4 <= p->columns; column += 4) {
            int32_t sums[4];
            multiply_4_columns(p, lhs + row * p->lhs_row_step, rhs + column, sums);
            for (int32_t i = 0; i < 4; ++i) {
                store(p, output, row, column + i, sums[i]);
            }
        }
#endif
        for (; column < p->columns; ++column) {
            store(p, output, row, column, dot(p, lhs + row * p->lhs_row_step, rhs + column * p->rhs_column_step));
        }
    }
}

void ts_batch_matmul(const ts_batch_matmul_t *params, const int8_t *lhs, const int8_t *rhs, int8_t *output) {
    const ts_batch_matmul_t *p = params;
    for (int32_t i = 0; i < p->batch_extent[0]; ++i) {
        for (int32_t j = 0; j < p->batch_extent[1]; ++j) {
            for (int32_t k = 0; k < p->batch_extent[2]; ++k) {
                multiply(p, lhs + i * p->lhs_batch_step[0] + j * p->lhs_batch_step[1] + k * p->lhs_batch_step[2],
                         rhs + i * p->rhs_batch_step[0] + j * p->rhs_batch_step[1] + k * p->rhs_batch_step[2],
                         output + i * p->output_batch_step[0] + j * p->output_batch_step[1] +
                             k * p->output_batch_step[2]);
            }
        }
    }
}
