/** @file
 * What SUM and REDUCE_MAX share: each value of the output is made of all values along the reduced axes. */
#ifndef TS_REDUCE_H
#define TS_REDUCE_H

#include "ts_reduce_needs.h"

#include <stdint.h>

/** @def TS_REDUCE_LOOPS
 * As many of three nested loops of either kind, kept and reduced, as the model has.
 * @def TS_REDUCE_NEST
 * A list with something for each of these loops. */
#if TS_REDUCE_NESTED
#define TS_REDUCE_LOOPS 3
#define TS_REDUCE_NEST(a, b, c) {(a), (b), (c)}
#else
#define TS_REDUCE_LOOPS 1
#define TS_REDUCE_NEST(a, b, c) {(c)}
#endif
#define TS_REDUCE_INNER (TS_REDUCE_LOOPS - 1) /**< index of the innermost loop */

/** Loops over kept and over reduced axes. */
typedef struct {
    int32_t kept_extent[TS_REDUCE_LOOPS];    /**< outermost first; the output is contiguous over these */
    int32_t kept_step[TS_REDUCE_LOOPS];      /**< elements of the input */
    int32_t reduced_extent[TS_REDUCE_LOOPS]; /**< of the axes that are folded */
    int32_t reduced_step[TS_REDUCE_LOOPS];   /**< elements of the input */
} ts_reduce_t;

/** What becomes of `folded` with `count` values more, `step` bytes apart; what becomes of all in the end. Both are
 * static functions of the including kernel, so that the compiler puts them into the loops. */
typedef int32_t (*ts_fold_t)(int32_t folded, const int8_t *values, int32_t step, int32_t count);
/** What becomes of all values in the end. */
typedef int8_t (*ts_folded_t)(const void *params, int32_t folded);

/** Turns of an outer loop, of those in `extent`. */
static inline int32_t ts_reduce_turns(const int32_t *extent, int32_t loop) {
    return TS_REDUCE_NESTED ? extent[loop] : 1;
}

/** Where the outer loops are. */
static inline int32_t ts_reduce_start(const int32_t *step, int32_t i, int32_t j) {
    return TS_REDUCE_NESTED ? i * step[0] + j * step[TS_REDUCE_LOOPS / 2] : 0;
}

static inline void ts_reduce_apply(const ts_reduce_t *shape, ts_fold_t fold, int32_t start, ts_folded_t result,
                                   const void *params, const int8_t *input, int8_t *output) {
    const int32_t step = shape->reduced_step[TS_REDUCE_INNER];
    const int32_t count = shape->reduced_extent[TS_REDUCE_INNER];
    for (int32_t i = 0; i < ts_reduce_turns(shape->kept_extent, 0); ++i) {
        for (int32_t j = 0; j < ts_reduce_turns(shape->kept_extent, TS_REDUCE_LOOPS / 2); ++j) {
            for (int32_t k = 0; k < shape->kept_extent[TS_REDUCE_INNER]; ++k) {
                const int8_t *in =
                    input + ts_reduce_start(shape->kept_step, i, j) + k * shape->kept_step[TS_REDUCE_INNER];
                int32_t folded = start;
                for (int32_t m = 0; m < ts_reduce_turns(shape->reduced_extent, 0); ++m) {
                    for (int32_t n = 0; n < ts_reduce_turns(shape->reduced_extent, TS_REDUCE_LOOPS / 2); ++n) {
                        folded = fold(folded, in + ts_reduce_start(shape->reduced_step, m, n), step, count);
                    }
                }
                *output++ = result(params, folded);
            }
        }
    }
}

#endif
