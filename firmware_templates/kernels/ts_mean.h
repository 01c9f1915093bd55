/* MEAN over any axes. */
#ifndef TS_MEAN_H
#define TS_MEAN_H

#include <stdint.h>

#define TS_MEAN_LOOPS 3

typedef struct {
    int32_t kept_extent[TS_MEAN_LOOPS]; /* outermost first; the output is contiguous over these */
    int32_t kept_step[TS_MEAN_LOOPS];
    int32_t reduced_extent[TS_MEAN_LOOPS];
    int32_t reduced_step[TS_MEAN_LOOPS];
    int32_t sum_offset; /* -zero point * elements per mean */
    int32_t output_offset;
    int32_t multiplier; /* holds the division by the number of elements */
    int32_t shift;
} ts_mean_t;

void ts_mean(const ts_mean_t *params, const int8_t *input, int8_t *output);

#endif
