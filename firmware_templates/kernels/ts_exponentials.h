/** @file
 * What SOFTMAX and LOG_SOFTMAX share: the exponential of every difference to a row's maximum is in a table. */
#ifndef TS_EXPONENTIALS_H
#define TS_EXPONENTIALS_H

#include "ts_requantize.h"

#define TS_EXP_SUM_BITS 12 /**< integer bits of a sum of exponentials */

/** Rows and their table of exponentials. */
typedef struct {
    int32_t rows;       /**< of the input */
    int16_t columns;    /**< values per row */
    int16_t exp_count;  /**< differences from the row's maximum that count; larger ones give 0 */
    const int32_t *exp; /**< (256,), exp(-scale * difference) in Q0 */
} ts_exponentials_t;

static inline int32_t ts_row_maximum(const int8_t *row, int32_t columns) {
    int32_t largest = row[0];
    for (int32_t i = 1; i < columns; ++i) {
        largest = row[i] > largest ? row[i] : largest;
    }
    return largest;
}

/** Q12, 1 or more. */
static inline int32_t ts_sum_of_exponentials(const ts_exponentials_t *e, const int8_t *row, int32_t largest) {
    const int32_t *exp = e->exp;
    int32_t sum = 0;
    for (const int8_t *end = row + e->columns; row < end; ++row) {
        /* Rounded; none is negative. */
        const uint32_t rounded = (uint32_t)exp[largest - *row] + (UINT32_C(1) << (TS_EXP_SUM_BITS - 1));
        sum += (int32_t)(rounded >> TS_EXP_SUM_BITS);
    }
    return sum;
}

#endif
