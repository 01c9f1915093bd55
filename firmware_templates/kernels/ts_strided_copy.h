/** @file
 * Moves bytes between two layouts: what TRANSPOSE, slices, splits, joins and paddings do. All is counted in
 * bytes; the bytes of a wider element are one loop more. */
#ifndef TS_STRIDED_COPY_H
#define TS_STRIDED_COPY_H

#include <stdint.h>

#define TS_COPY_LOOPS 5

typedef struct {
    int32_t extent[TS_COPY_LOOPS]; /**< outermost first */
    int32_t source_step[TS_COPY_LOOPS];
    int32_t target_step[TS_COPY_LOOPS];
    int32_t source_start;
    int32_t target_start;
} ts_strided_copy_t;

void ts_strided_copy(const ts_strided_copy_t *params, const void *input, void *output);

#endif
