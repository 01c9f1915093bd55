/** @file
 * SVDF: (batches, inputs) -> (batches, units), with a memory of the newest products of each filter. */
#ifndef TS_SVDF_H
#define TS_SVDF_H

#include "ts_requantize.h"

/** A layer's parameters for ts_svdf. */
typedef struct {
    int32_t batches;               /**< rows of inputs */
    int32_t inputs;                /**< values per row */
    int32_t filters;               /**< all, of all units */
    int32_t memory;                /**< frames */
    int32_t filters_per_unit;      /**< they lie side by side */
    int32_t state_bytes;           /**< 1 or 2 for each element of the state and of the time weights */
    const int8_t *feature_weights; /**< (filters, inputs) */
    const int32_t *feature_bias;   /**< (filters,), holds the input's zero point */
    int32_t feature_multiplier;    /**< of products, to the state's scale */
    int32_t feature_shift;         /**< goes with it */
    int32_t state_offset;          /**< the state's zero point */
    const void *time_weights;      /**< (filters, memory), int8 or int16 */
    const int32_t *bias;           /**< (units,), with the state's zero point folded in */
    ts_output_t output;            /**< scale and range of the output */
} ts_svdf_t;

/** One step of the layer.
 * @param params of this layer
 * @param input (batches, inputs)
 * @param state (batches, filters, memory), int8 or int16, the newest frame last
 * @param output (batches, units) */
void ts_svdf(const ts_svdf_t *params, const int8_t *input, void *state, int8_t *output);

#endif
