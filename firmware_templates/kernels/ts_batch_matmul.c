#include "ts_batch_matmul.h"

#include "ts_batch_matmul_avx2.h"
#include "ts_channels.h"

/* The right operand's columns in pairs, four values of the one before the same four of the other, zeros behind the last
 * values and beside an odd last column. */
static void pack(const ts_batch_matmul_t *p, const int8_t *rhs, int8_t *packed) {
    const int32_t step = p->rhs_depth_step;
    for (int32_t column = 0; column < p->columns; column += 2) {
        for (int32_t depth = 0; depth < p->depth; depth += 4) {
            for (int32_t next = column; next < column + 2; ++next, packed += 4) {
                const int8_t *from = rhs + next * p->rhs_column_step + depth * step;
                if (next < p->columns && depth + 4 <= p->depth) {
                    packed[0] = from[0];
                    packed[1] = from[step];
                    packed[2] = from[2 * step];
                    packed[3] = from[3 * step];
                    continue;
                }
                for (int32_t i = 0; i < 4; ++i) {
                    packed[i] = (int8_t)(next < p->columns && depth + i < p->depth ? from[i * step] : 0);
                }
            }
        }
    }
}

static inline int32_t lhs_depth_step(const ts_batch_matmul_t *p) {
    return TS_BATCH_MATMUL_STRIDED ? p->lhs_depth_step : 1;
}

TS_APART int32_t widen4(const ts_batch_matmul_t *p, const int8_t *row, int32_t count, int16_t *wide) {
    int32_t sum = 0;
    for (int32_t i = 0; i < 4; ++i) {
        const int32_t value = i < count ? row[i * lhs_depth_step(p)] + p->lhs_offset : 0;
        wide[ts_wide_place(i)] = (int16_t)value;
        sum += value;
    }
    return sum;
}

/* Two rows of the left operand as ts_pair_dot takes them, zero point removed; their sums go into `sums`. */
static void widen(const ts_batch_matmul_t *p, const int8_t *row0, const int8_t *row1, int16_t *wide, int32_t sums[2]) {
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t left = p->depth;
#ifdef TS_HAS_SIMD
    const int32_t offsets = ts_both(p->lhs_offset);
    for (; left >= 4 && lhs_depth_step(p) == 1; left -= 4, row0 += 4, row1 += 4, wide += 8) {
        const uint32_t a = ts_load4(row0);
        const uint32_t b = ts_load4(row1);
        int32_t *words = (int32_t *)(void *)wide;
        words[0] = ts_even(offsets, a);
        words[1] = ts_odd(offsets, a);
        words[2] = ts_even(offsets, b);
        words[3] = ts_odd(offsets, b);
        sum0 = ts_multiply_add(words[1], 0x10001, ts_multiply_add(words[0], 0x10001, sum0));
        sum1 = ts_multiply_add(words[3], 0x10001, ts_multiply_add(words[2], 0x10001, sum1));
    }
#endif
    for (; left > 0; left -= 4, wide += 8) {
        sum0 += widen4(p, row0, left, wide);
        sum1 += widen4(p, row1, left, wide + 4);
        row0 += 4 * lhs_depth_step(p);
        row1 += 4 * lhs_depth_step(p);
    }
    sums[0] = sum0;
    sums[1] = sum1;
}

static int8_t any_output(const ts_full_output_t *output, int32_t sum) {
    const int32_t scaled = ts_requantize(sum, output->multiplier, -1 - output->right);
    return ts_clamp(scaled + (output->rounding >> 1), -128, 127);
}

/* Two columns of two rows; of an odd last column or row, what is behind it is written first and then written over. */
static void store(bool is_small, const ts_full_output_t *output, const int32_t sums[4], int8_t *at, int32_t next,
                  int32_t below) {
    if (!TS_BATCH_MATMUL_LARGE || is_small) {
        at[below + next] = ts_to_full_output(output, sums[3]);
        at[below] = ts_to_full_output(output, sums[2]);
        at[next] = ts_to_full_output(output, sums[1]);
        at[0] = ts_to_full_output(output, sums[0]);
        return;
    }
    at[below + next] = any_output(output, sums[3]);
    at[below] = any_output(output, sums[2]);
    at[next] = any_output(output, sums[1]);
    at[0] = any_output(output, sums[0]);
}

/* One pair of matrices; `scratch` as in the header. */
static void multiply(const ts_batch_matmul_t *p, const int8_t *lhs, const int8_t *rhs, int8_t *output,
                     int8_t *scratch) {
#ifdef TS_HAS_AVX2
    if (p->is_small && p->columns >= 8) {
        ts_avx2_multiply(p, lhs_depth_step(p), lhs, rhs, output, scratch);
        return;
    }
#endif
    const int32_t blocks = (p->depth + 3) >> 2;
    const ts_full_output_t requantize = p->output;
    int16_t *wide = (int16_t *)(void *)scratch;
    int8_t *packed = scratch + 16 * blocks;
    pack(p, rhs, packed);
    for (int32_t row = 0; row < p->rows; row += 2) {
        const int32_t pair = row + 1 < p->rows ? 1 : 0; /* an odd last row is computed twice */
        int32_t left[2];
        widen(p, lhs + row * p->lhs_row_step, lhs + (row + pair) * p->lhs_row_step, wide, left);
        const int32_t below = pair * p->output_row_step;
        const int32_t start0 = left[0] * p->rhs_offset;
        const int32_t start1 = left[1] * p->rhs_offset;
        const int8_t *weights = packed;
        int8_t *out = output + row * p->output_row_step;
        for (int32_t column = 0; column < p->columns; column += 2, weights += 8 * blocks) {
            int32_t sums[4] = {start0, start0, start1, start1};
            (void)ts_pair_dot(wide, weights, blocks, sums);
            store(p->is_small, &requantize, sums, out, column + 1 < p->columns ? p->output_column_step : 0, below);
            out += 2 * p->output_column_step;
        }
    }
}

void ts_batch_matmul(const ts_batch_matmul_t *params, const int8_t *lhs, const int8_t *rhs, int8_t *output,
                     int8_t *scratch) {
    const ts_batch_matmul_t p = *params;
    for (int32_t i = 0; i < ts_batch_turns(&p, 0); ++i) {
        for (int32_t j = 0; j < ts_batch_turns(&p, TS_BATCH_LOOPS / 2); ++j) {
            for (int32_t k = 0; k < p.batch_extent[TS_BATCH_INNER]; ++k) {
                multiply(&p, lhs + ts_batch_start(p.lhs_batch_step, i, j, k),
                         rhs + ts_batch_start(p.rhs_batch_step, i, j, k),
                         output + ts_batch_start(p.output_batch_step, i, j, k), scratch);
            }
        }
    }
}
