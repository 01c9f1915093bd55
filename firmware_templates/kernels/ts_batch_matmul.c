#include "ts_batch_matmul.h"

#include "ts_requantize.h"

static int8_t *multiply(const ts_batch_matmul_t *p, const int8_t *lhs, const int8_t *rhs, int8_t *output) {
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
            *output++ = ts_clamp(ts_requantize(sum, p->multiplier, p->shift) + p->output_offset, -128, 127);
        }
    }
    return output;
}

void ts_batch_matmul(const ts_batch_matmul_t *params, const int8_t *lhs, const int8_t *rhs, int8_t *output) {
    const ts_broadcast_t *batch = &params->batch;
    for (int32_t i = 0; i < batch->extent[0]; ++i) {
        for (int32_t j = 0; j < batch->extent[1]; ++j) {
            for (int32_t k = 0; k < batch->extent[2]; ++k) {
                for (int32_t n = 0; n < batch->extent[3]; ++n) {
                    const int32_t first = i * batch->first_step[0] + j * batch->first_step[1] +
                                          k * batch->first_step[2] + n * batch->first_step[3];
                    const int32_t second = i * batch->second_step[0] + j * batch->second_step[1] +
                                           k * batch->second_step[2] + n * batch->second_step[3];
                    output = multiply(params, lhs + first, rhs + second, output);
                }
            }
        }
    }
}
