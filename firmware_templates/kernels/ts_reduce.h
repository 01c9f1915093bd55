/** @file
 * What SUM and REDUCE_MAX share: each value of the output is made of all values along the reduced axes. */
#ifndef TS_REDUCE_H
#define TS_REDUCE_H

#include <stdbool.h>
#include <stdint.h>

#define TS_REDUCE_LOOPS 3 /**< kept axes, and reduced ones */

/** Loops over kept and over reduced axes. */
typedef struct {
    int32_t kept_extent[TS_REDUCE_LOOPS];    /**< outermost first; the output is contiguous over these */
    int32_t kept_step[TS_REDUCE_LOOPS];      /**< elements of the input */
    int32_t reduced_extent[TS_REDUCE_LOOPS]; /**< of the axes that are folded */
    int32_t reduced_step[TS_REDUCE_LOOPS];   /**< elements of the input */
} ts_reduce_t;

/** What becomes of `folded` with `count` values more, `step` bytes apart; what becomes of all in the end. Both are
 * static functions of the including kernel, so that the compiler puts them into the loops, and `nested` is known to it:
 * whether some layer of the model has more than one loop of either kind. */
typedef int32_t (*ts_fold_t)(int32_t folded, const int8_t *values, int32_t step, int32_t count);
/** What becomes of all values in the end. */
typedef int8_t (*ts_folded_t)(const void *params, int32_t folded);

static inline void ts_reduce_apply(const ts_reduce_t *shape, bool nested, ts_fold_t fold, int32_t start,
                                   ts_folded_t result, const void *params, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < (nested ? shape->kept_extent[0] : 1); ++i) {
        for (int32_t j = 0; j < (nested ? shape->kept_extent[1] : 1); ++j) {
            for (int32_t k = 0; k < shape->kept_extent[2]; ++k) {
                const int32_t first = i * shape->kept_step[0] + j * shape->kept_step[1] + k * shape->kept_step[2];
                int32_t folded = start;
                for (int32_t m = 0; m < (nested ? shape->reduced_extent[0] : 1); ++m) {
                    for (int32_t n = 0; n < (nested ? shape->reduced_extent[1] : 1); ++n) {
                        const int32_t run = first + m * shape->reduced_step[0] + n * shape->reduced_step[1];
                        folded = fold(folded, input + run, shape->reduced_step[2], shape->reduced_extent[2]);
                    }
                }
                *output++ = result(params, folded);
            }
        }
    }
}

#endif
