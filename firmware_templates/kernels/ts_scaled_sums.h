/** @file
 * Sums that are complete, as int8. */
#ifndef TS_SCALED_SUMS_H
#define TS_SCALED_SUMS_H

#include <stdint.h>

/** A layer's parameters for ts_scaled_sums. */
typedef struct {
    int32_t sums;          /**< how many */
    const int32_t *scales; /**< of each sum: what is added to it, its multiplier and shift */
    int32_t scales_step;   /**< 0 if all are alike */
    int32_t output_offset; /**< the output's zero point */
    int32_t output_min;    /**< least output: its activation */
    int32_t output_max;    /**< largest output, likewise */
} ts_scaled_sums_t;

/** Sums as int8.
 * @param params of this layer
 * @param sums (sums,)
 * @param output (sums,) */
void ts_scaled_sums(const ts_scaled_sums_t *params, const int32_t *sums, int8_t *output);

#endif
