/** @file
 * Moves bytes between two layouts: what TRANSPOSE, slices, splits, joins and paddings do. All is counted in
 * bytes; the bytes of a wider element are one loop more. */
#ifndef TS_STRIDED_COPY_H
#define TS_STRIDED_COPY_H

#include "ts_strided_copy_needs.h"

#include <stdint.h>

/** @def TS_COPY_LOOPS
 * As many of five nested loops as the model has.
 * @def TS_COPY_NEST
 * A list with something for each of these loops. */
#if TS_STRIDED_COPY_NESTED
#define TS_COPY_LOOPS 5
#define TS_COPY_NEST(a, b, c, d, e) {(a), (b), (c), (d), (e)}
#else
#define TS_COPY_LOOPS 3
#define TS_COPY_NEST(a, b, c, d, e) {(c), (d), (e)}
#endif

/** A layer's parameters for ts_strided_copy. */
typedef struct {
    int32_t extent[TS_COPY_LOOPS];      /**< outermost first */
    int32_t source_step[TS_COPY_LOOPS]; /**< bytes */
    int32_t target_step[TS_COPY_LOOPS]; /**< bytes */
    int32_t source_start;               /**< offset of the first byte */
    int32_t target_start;               /**< offset of the first byte */
} ts_strided_copy_t;

/** Copies from one layout into another.
 * @param params of this layer
 * @param input bytes of the source
 * @param output bytes of the target, another memory than `input` */
void ts_strided_copy(const ts_strided_copy_t *params, const void *input, void *output);

#endif
