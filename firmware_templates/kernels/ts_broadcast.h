/** @file
 * Walks two operands that broadcast against each other. */
#ifndef TS_BROADCAST_H
#define TS_BROADCAST_H

#include "ts_broadcast_needs.h"

#include <stdbool.h>
#include <stdint.h>

/** @def TS_BROADCAST_LOOPS
 * As many of four nested loops, one for each axis that is left once neighbours are joined, as the model has.
 * @def TS_BROADCAST_NEST
 * A list with something for each of these loops. */
#if TS_BROADCAST_NESTED
#define TS_BROADCAST_LOOPS 4
#define TS_BROADCAST_NEST(a, b, c, d) {(a), (b), (c), (d)}
#else
#define TS_BROADCAST_LOOPS 2
#define TS_BROADCAST_NEST(a, b, c, d) {(c), (d)}
#endif
#define TS_BROADCAST_INNER (TS_BROADCAST_LOOPS - 1) /**< index of the innermost loop */
#define TS_BROADCAST_ROWS (TS_BROADCAST_LOOPS - 2)  /**< index of the one around it */

/** Loops from outermost to innermost: extent, and each operand's step (0 where it repeats). The output is contiguous.
 */
typedef struct {
    int32_t extent[TS_BROADCAST_LOOPS];      /**< outermost first */
    int32_t first_step[TS_BROADCAST_LOOPS];  /**< elements of the first operand */
    int32_t second_step[TS_BROADCAST_LOOPS]; /**< elements of the second one */
} ts_broadcast_t;

/** Turns of the outermost loop and of the next one. */
static inline int32_t ts_broadcast_turns(const ts_broadcast_t *shape, int32_t loop) {
    return TS_BROADCAST_NESTED ? shape->extent[loop] : 1;
}

/** Where a run along the innermost loop begins in an operand of these steps. */
static inline int32_t ts_broadcast_start(const int32_t *step, int32_t i, int32_t j, int32_t k) {
    return (TS_BROADCAST_NESTED ? i * step[0] + j * step[1] : 0) + k * step[TS_BROADCAST_ROWS];
}

/** What becomes of two elements. */
typedef int8_t (*ts_binary_t)(const void *params, int8_t first, int8_t second);

/** output[i] = apply(params, first[...], second[...]). `apply` is a static function of the including kernel, so that
 * the compiler puts it into the loop. */
static inline void ts_broadcast_apply(const ts_broadcast_t *shape, ts_binary_t apply, const void *params,
                                      const int8_t *first, const int8_t *second, int8_t *output) {
    const int32_t first_step = shape->first_step[TS_BROADCAST_INNER];
    const int32_t second_step = shape->second_step[TS_BROADCAST_INNER];
    for (int32_t i = 0; i < ts_broadcast_turns(shape, 0); ++i) {
        for (int32_t j = 0; j < ts_broadcast_turns(shape, 1); ++j) {
            for (int32_t k = 0; k < shape->extent[TS_BROADCAST_ROWS]; ++k) {
                const int8_t *a = first + ts_broadcast_start(shape->first_step, i, j, k);
                const int8_t *b = second + ts_broadcast_start(shape->second_step, i, j, k);
                for (int32_t left = shape->extent[TS_BROADCAST_INNER]; left > 0; --left) {
                    *output++ = apply(params, *a, *b);
                    a += first_step;
                    b += second_step;
                }
            }
        }
    }
}

/** What becomes of one operand's value, and of both of them. */
typedef int32_t (*ts_operand_t)(const void *params, int8_t value);
/** What becomes of both operands, made ready. */
typedef int8_t (*ts_join_t)(const void *params, int32_t first, int32_t second);

/** What some layer of the model needs: operands of which the second, only the first or none repeats along the innermost
 * loop. */
typedef struct {
    bool second; /**< a second operand repeats */
    bool first;  /**< a first one alone does */
    bool none;   /**< neither does */
} ts_walks_t;

/** As ts_broadcast_apply where each operand is made ready by itself: one that repeats along the innermost loop is made
 * ready once. All functions are static ones of the including kernel, and what `walks` is known to it. */
static inline void ts_broadcast_operands(const ts_broadcast_t *shape, ts_walks_t walks, ts_operand_t first_operand,
                                         ts_operand_t second_operand, ts_join_t join, const void *params,
                                         const int8_t *first, const int8_t *second, int8_t *output) {
    const int32_t first_step = shape->first_step[TS_BROADCAST_INNER];
    const int32_t second_step = shape->second_step[TS_BROADCAST_INNER];
    for (int32_t i = 0; i < ts_broadcast_turns(shape, 0); ++i) {
        for (int32_t j = 0; j < ts_broadcast_turns(shape, 1); ++j) {
            for (int32_t k = 0; k < shape->extent[TS_BROADCAST_ROWS]; ++k) {
                const int8_t *a = first + ts_broadcast_start(shape->first_step, i, j, k);
                const int8_t *b = second + ts_broadcast_start(shape->second_step, i, j, k);
                const int8_t *end = output + shape->extent[TS_BROADCAST_INNER];
                if (walks.second && (second_step == 0 || !(walks.first || walks.none))) {
                    const int32_t repeated = second_operand(params, *b);
                    for (; output < end; a += first_step) {
                        *output++ = join(params, first_operand(params, *a), repeated);
                    }
                } else if (walks.first && (first_step == 0 || !walks.none)) {
                    const int32_t repeated = first_operand(params, *a);
                    for (; output < end; ++b) {
                        *output++ = join(params, repeated, second_operand(params, *b));
                    }
                } else {
                    for (; output < end; ++a, ++b) {
                        *output++ = join(params, first_operand(params, *a), second_operand(params, *b));
                    }
                }
            }
        }
    }
}

#endif
