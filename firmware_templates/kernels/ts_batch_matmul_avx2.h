/** @file
 * Products with eight columns and more on desktops with AVX2: included by ts_batch_matmul.c.
 *
 * The right operand is packed by pairs of its rows, two values of each column side by side, so that eight columns' sums
 * lie in one register and are never added up across it. */
#ifndef TS_BATCH_MATMUL_AVX2_H
#define TS_BATCH_MATMUL_AVX2_H

#include "ts_avx2.h"
#include "ts_batch_matmul.h"

#ifdef TS_HAS_AVX2
/** Where the eighth of columns that begins at `column` begins: the last one, which is not filled, takes some of the one
 * before again. */
static inline int32_t ts_avx2_eight(const ts_batch_matmul_t *p, int32_t column) {
    return column <= p->columns - 8 ? column : p->columns - 8;
}

/** Pairs of rows from row `depth` on, value by value; zeros behind an odd last row. */
static inline void ts_avx2_pack_any(const ts_batch_matmul_t *p, const int8_t *rhs, int32_t depth, int8_t *packed) {
    packed += depth * p->columns;
    for (; depth < p->depth; depth += 2) {
        const int8_t *from = rhs + depth * p->rhs_depth_step;
        for (int32_t column = 0; column < p->columns; ++column, from += p->rhs_column_step, packed += 2) {
            packed[0] = from[0];
            packed[1] = (int8_t)(depth + 1 < p->depth ? from[p->rhs_depth_step] : 0);
        }
    }
}

/** Where a row's columns are neighbours: two rows eight columns at a time. Returns how many rows are packed. */
static inline int32_t ts_avx2_pack_rows(const ts_batch_matmul_t *p, const int8_t *rhs, int8_t *packed) {
    int32_t depth = 0;
    for (; depth + 2 <= p->depth; depth += 2, packed += 2 * p->columns) {
        const int8_t *row = rhs + depth * p->rhs_depth_step;
        for (int32_t column = 0; column < p->columns; column += 8) {
            const int32_t at = ts_avx2_eight(p, column);
            const __m128i first = _mm_loadl_epi64((const __m128i *)(const void *)(row + at));
            const __m128i second = _mm_loadl_epi64((const __m128i *)(const void *)(row + p->rhs_depth_step + at));
            _mm_storeu_si128((__m128i *)(void *)(packed + 2 * at), _mm_unpacklo_epi8(first, second));
        }
    }
    return depth;
}

/** Two columns' eight values, two of the one before two of the other. */
static inline __m128i ts_avx2_zip_columns(const int8_t *first, int32_t step) {
    return _mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)(const void *)first),
                              _mm_loadl_epi64((const __m128i *)(const void *)(first + step)));
}

/** Where a column's rows are neighbours: eight rows of eight columns at a time. Returns how many rows are packed. */
static inline int32_t ts_avx2_pack_columns(const ts_batch_matmul_t *p, const int8_t *rhs, int8_t *packed) {
    const int32_t step = p->rhs_column_step;
    const int32_t pair_bytes = 2 * p->columns;
    int32_t depth = 0;
    for (; depth + 8 <= p->depth; depth += 8, packed += 4 * pair_bytes) {
        for (int32_t column = 0; column < p->columns; column += 8) {
            const int32_t at = ts_avx2_eight(p, column);
            const int8_t *from = rhs + at * step + depth;
            const __m128i zip0 = ts_avx2_zip_columns(from, step);
            const __m128i zip2 = ts_avx2_zip_columns(from + 2 * step, step);
            const __m128i zip4 = ts_avx2_zip_columns(from + 4 * step, step);
            const __m128i zip6 = ts_avx2_zip_columns(from + 6 * step, step);
            const __m128i low0 = _mm_unpacklo_epi32(zip0, zip2);
            const __m128i low4 = _mm_unpacklo_epi32(zip4, zip6);
            const __m128i high0 = _mm_unpackhi_epi32(zip0, zip2);
            const __m128i high4 = _mm_unpackhi_epi32(zip4, zip6);
            int8_t *to = packed + 2 * at;
            _mm_storeu_si128((__m128i *)(void *)to, _mm_unpacklo_epi64(low0, low4));
            _mm_storeu_si128((__m128i *)(void *)(to + pair_bytes), _mm_unpackhi_epi64(low0, low4));
            _mm_storeu_si128((__m128i *)(void *)(to + 2 * pair_bytes), _mm_unpacklo_epi64(high0, high4));
            _mm_storeu_si128((__m128i *)(void *)(to + 3 * pair_bytes), _mm_unpackhi_epi64(high0, high4));
        }
    }
    return depth;
}

static inline void ts_avx2_pack(const ts_batch_matmul_t *p, const int8_t *rhs, int8_t *packed) {
    int32_t done = 0;
    if (p->rhs_column_step == 1) {
        done = ts_avx2_pack_rows(p, rhs, packed);
    } else if (p->rhs_depth_step == 1) {
        done = ts_avx2_pack_columns(p, rhs, packed);
    } else {
        /* All value by value. */
    }
    ts_avx2_pack_any(p, rhs, done, packed);
}

/** A row of the left operand without its zero point, a zero behind an odd last value. Returns their sum. */
static inline int32_t ts_avx2_widen(const ts_batch_matmul_t *p, const int8_t *row, int32_t step, int16_t *wide) {
    const __m256i offset = _mm256_set1_epi16(p->lhs_offset);
    __m256i sums = _mm256_setzero_si256();
    int32_t i = 0;
    for (; step == 1 && i + 16 <= p->depth; i += 16) {
        const __m256i values = _mm256_add_epi16(ts_avx2_load16(row + i), offset);
        sums = ts_avx2_multiply_add(values, _mm256_set1_epi16(1), sums);
        _mm256_storeu_si256((__m256i *)(void *)(wide + i), values);
    }
    int32_t sum = ts_avx2_sum8(sums);
    for (; i < p->depth; ++i) {
        wide[i] = (int16_t)(row[i * step] + p->lhs_offset);
        sum += wide[i];
    }
    if ((p->depth & 1) != 0) {
        wide[p->depth] = 0;
    }
    return sum;
}

/** Two neighbouring values in all lanes. */
static inline __m256i ts_avx2_pair(const int16_t *wide) {
    int32_t pair;
    memcpy(&pair, wide, sizeof pair);
    return _mm256_set1_epi32(pair);
}

/** Eight sums as outputs, `step` bytes apart. */
static inline void ts_avx2_store8(const ts_full_output_t *output, __m256i sums, int8_t *at, int32_t step) {
    const __m256i scaled = ts_avx2_scale_small(_mm256_slli_epi32(sums, 1), _mm256_set1_epi32(output->multiplier),
                                               _mm256_set1_epi32(output->right), output->rounding);
    const int64_t bytes = ts_avx2_saturate8(scaled);
    if (step == 1) {
        memcpy(at, &bytes, sizeof bytes);
        return;
    }
    for (int32_t i = 0; i < 8; ++i) {
        at[i * step] = ((const int8_t *)&bytes)[i];
    }
}

/** One pair of matrices where the product is_small, the left one's values `depth_step` apart; two rows at a time. */
static inline void ts_avx2_multiply(const ts_batch_matmul_t *p, int32_t depth_step, const int8_t *lhs,
                                    const int8_t *rhs, int8_t *output, int8_t *scratch) {
    const ts_full_output_t requantize = p->output;
    const int32_t wide_step = (p->depth + 3) & ~3;
    int16_t *wide = (int16_t *)(void *)scratch;
    int8_t *packed = scratch + 4 * wide_step;
    ts_avx2_pack(p, rhs, packed);
    for (int32_t row = 0; row < p->rows; row += 2) {
        const int32_t next = row + 1 < p->rows ? 1 : 0; /* an odd last row is computed twice */
        const int8_t *left = lhs + row * p->lhs_row_step;
        int8_t *out = output + row * p->output_row_step;
        const __m256i start0 = _mm256_set1_epi32(ts_avx2_widen(p, left, depth_step, wide) * p->rhs_offset);
        const int32_t sum1 = ts_avx2_widen(p, left + next * p->lhs_row_step, depth_step, wide + wide_step);
        const __m256i start1 = _mm256_set1_epi32(sum1 * p->rhs_offset);
        for (int32_t column = 0; column < p->columns; column += 8) {
            const int32_t at = ts_avx2_eight(p, column);
            const int8_t *weights = packed + 2 * at;
            __m256i sums0 = start0;
            __m256i sums1 = start1;
            for (int32_t depth = 0; depth < p->depth; depth += 2, weights += 2 * p->columns) {
                const __m256i values = ts_avx2_load16(weights);
                sums0 = ts_avx2_multiply_add(ts_avx2_pair(wide + depth), values, sums0);
                sums1 = ts_avx2_multiply_add(ts_avx2_pair(wide + wide_step + depth), values, sums1);
            }
            ts_avx2_store8(&requantize, sums1, out + next * p->output_row_step + at * p->output_column_step,
                           p->output_column_step);
            ts_avx2_store8(&requantize, sums0, out + at * p->output_column_step, p->output_column_step);
        }
    }
}
#endif

#endif
