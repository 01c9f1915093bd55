/** @file
 * What SOFTMAX and LOG_SOFTMAX share: exponentials of differences to a row's maximum, each computed where it is first
 * needed, then kept. */
#ifndef TS_EXPONENTIALS_H
#define TS_EXPONENTIALS_H

#include "ts_exponential.h"
#include "ts_exponentials_avx2.h"

#define TS_EXP_SUM_BITS 12 /**< integer bits of a sum of exponentials */

/** Rows and what their exponentials are made by. */
typedef struct {
    int32_t rows;                 /**< of the input */
    int32_t columns;              /**< values per row */
    ts_exponential_t exponential; /**< of a difference */
} ts_exponentials_t;

static inline int32_t ts_row_maximum(const int8_t *row, int32_t columns) {
    int32_t largest = row[0];
    for (int32_t i = 1; i < columns; ++i) {
        largest = row[i] > largest ? row[i] : largest;
    }
    return largest;
}

/** Q12, 1 or more. `known` (256,) has the exponentials that are not 0 of the differences there were so far, and then
 * those of this row, too. */
static inline int32_t ts_sum_of_exponentials(const ts_exponentials_t *e, const int8_t *row, int32_t largest,
                                             int32_t *known) {
    int32_t sum = 0;
    const int8_t *end = row + e->columns;
#ifdef TS_HAS_AVX2
    const int32_t eights = e->columns & ~7;
    sum = ts_avx2_sum_of_exponentials(&e->exponential, row, eights, largest, known, TS_EXP_SUM_BITS);
    row += eights;
#endif
    for (; row < end; ++row) {
        int32_t *exp = known + (largest - *row);
        if (*exp == 0) {
            *exp = ts_exponential(&e->exponential, largest - *row);
        }
        /* Rounded; none is negative. */
        const uint32_t rounded = (uint32_t)*exp + (UINT32_C(1) << (TS_EXP_SUM_BITS - 1));
        sum += (int32_t)(rounded >> TS_EXP_SUM_BITS);
    }
    return sum;
}

#endif
