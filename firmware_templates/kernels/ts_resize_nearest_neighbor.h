/** @file
 * RESIZE_NEAREST_NEIGHBOR: (batch, height, width, channels), every output position a copy of an input position.
 */
#ifndef TS_RESIZE_NEAREST_NEIGHBOR_H
#define TS_RESIZE_NEAREST_NEIGHBOR_H

#include <stdint.h>

/** A layer's parameters for ts_resize_nearest_neighbor. */
typedef struct {
    int32_t batches;        /**< images */
    int32_t batch_step;     /**< of the input, in bytes, as all steps */
    int32_t output_height;  /**< rows */
    int32_t output_width;   /**< columns */
    int32_t pixel_bytes;    /**< all channels of a position */
    const int32_t *rows;    /**< (output_height,), where in the input each row is copied from */
    const int32_t *columns; /**< (output_width,), the same within a row */
} ts_resize_nearest_neighbor_t;

/** Copies the nearest input position.
 * @param params of this layer
 * @param input (batch, input height, input width, pixel)
 * @param output (batch, output height, output width, pixel) */
void ts_resize_nearest_neighbor(const ts_resize_nearest_neighbor_t *params, const void *input, void *output);

#endif
