/** @file
 * GATHER: slices of a (batch, outer, extent, inner) tensor, picked by (batch, count) indices along `extent`. */
#ifndef TS_GATHER_H
#define TS_GATHER_H

#include <stdint.h>

/** A layer's parameters for ts_gather. */
typedef struct {
    int32_t batch;  /**< tensors, each with indices of its own */
    int32_t outer;  /**< rows in front of the axis */
    int32_t extent; /**< places on the axis */
    int32_t count;  /**< indices */
    int32_t inner;  /**< bytes of a place */
} ts_gather_t;

/** Copies the slices that indices name; one outside the axis takes the nearest place on it.
 * @param params of this layer
 * @param input (batch, outer, extent, inner)
 * @param indices (batch, count)
 * @param output (batch, outer, count, inner) */
void ts_gather(const ts_gather_t *params, const int8_t *input, const int32_t *indices, int8_t *output);

#endif
