/** @file
 * RESIZE_BILINEAR: (batch, height, width, channels), every output position between four input positions. */
#ifndef TS_RESIZE_BILINEAR_H
#define TS_RESIZE_BILINEAR_H

#include <stdint.h>

/** Output position i lies at input position i * scale + offset, in 1/1024. */
typedef struct {
    int32_t input_size;  /**< positions */
    int32_t output_size; /**< positions */
    int32_t scale;       /**< input positions for each output position */
    int32_t offset;      /**< input position of the first output position */
} ts_resize_axis_t;

/** A layer's parameters for ts_resize_bilinear. */
typedef struct {
    int32_t batches;          /**< images */
    int32_t channels;         /**< values of a position */
    ts_resize_axis_t rows;    /**< the vertical axis */
    ts_resize_axis_t columns; /**< the horizontal axis */
} ts_resize_bilinear_t;

/** Interpolates between input positions.
 * @param params of this layer
 * @param input (batch, input height, input width, channels)
 * @param output (batch, output height, output width, channels) */
void ts_resize_bilinear(const ts_resize_bilinear_t *params, const int8_t *input, int8_t *output);

#endif
