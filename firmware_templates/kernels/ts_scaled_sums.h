/** @file
 * Sums that are complete, as int8. */
#ifndef TS_SCALED_SUMS_H
#define TS_SCALED_SUMS_H

#include <stdint.h>

typedef struct {
    int32_t sums;
    const int32_t *scales; /**< of each sum: what is added to it, its multiplier and shift */
    int32_t scales_step;   /**< 0 if all are alike */
    int32_t output_offset;
    int32_t output_min;
    int32_t output_max;
} ts_scaled_sums_t;

void ts_scaled_sums(const ts_scaled_sums_t *params, const int32_t *sums, int8_t *output);

#endif
