#include "ts_batch_matmul.h"

#include "ts_requantize.h"

static void multiply(const ts_batch_matmul_t *p, const int8_t *lhs, const int8_t *rhs, int8_t *output) {
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            const int8_t *a = lhs + row * p->lhs_row_step;
            const int8_t *b = rhs + column * p->rhs_column_step;
            int32_t sum = 0;
            for (int32_t i = 0; i < p->depth; ++i) {
                sum += (*a + p->lhs_offset) * (*b + p->rhs_offset);
                a += p->lhs_depth_step;
                b += p->rhs_depth_step;
            }
            output[row * p->output_row_step + column * p->output_column_step] =
                ts_clamp(ts_requantize(sum, p->multiplier, p->shift) + p->output_offset, -128, 127);
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
