/** @file
 * A window that slides over (batch, height, width, channels): its geometry, and the taps that lie within the
 * input. */
#ifndef TS_WINDOW_H
#define TS_WINDOW_H

#include "ts_window_needs.h"

#include <stdint.h>

#if TS_WINDOW_LARGE
typedef int32_t ts_extent_t; /**< a number of a window's geometry */
#else
typedef uint16_t ts_extent_t; /**< a number of a window's geometry: no layer of the model has larger ones */
#endif

/** Geometry of a window. */
typedef struct {
    ts_extent_t batches;         /**< images */
    ts_extent_t input_height;    /**< rows */
    ts_extent_t input_width;     /**< columns */
    ts_extent_t input_channels;  /**< values of a position */
    ts_extent_t output_height;   /**< rows */
    ts_extent_t output_width;    /**< columns */
    ts_extent_t output_channels; /**< values of a position */
    ts_extent_t filter_height;   /**< taps */
    ts_extent_t filter_width;    /**< taps */
    ts_extent_t stride_height;   /**< input rows from an output row to the next one */
    ts_extent_t stride_width;    /**< columns likewise */
    ts_extent_t dilation_height; /**< input rows from tap to tap */
    ts_extent_t dilation_width;  /**< columns likewise */
    ts_extent_t pad_top;         /**< rows above the image */
    ts_extent_t pad_left;        /**< columns beside it */
} ts_window_t;

/** Where output positions lie, in elements: side by side for a convolution, apart for a part of a transposed one. */
typedef struct {
    int32_t start;       /**< of the first one */
    int32_t batch_step;  /**< from image to image */
    int32_t row_step;    /**< from row to row */
    int32_t column_step; /**< from column to column */
} ts_positions_t;

/** Taps along one axis. */
typedef struct {
    int32_t origin; /**< input position of tap 0, possibly negative */
    int32_t begin;  /**< first tap inside the input */
    int32_t end;    /**< one past the last tap inside */
} ts_taps_t;

static inline ts_taps_t ts_taps(int32_t position, int32_t stride, int32_t pad, int32_t dilation, int32_t filter_size,
                                int32_t input_size) {
    ts_taps_t taps = {position * stride - pad, 0, 0};
    if (taps.origin < 0) {
        taps.begin = (-taps.origin + dilation - 1) / dilation;
    }
    if (taps.origin < input_size) {
        taps.end = (input_size - taps.origin + dilation - 1) / dilation;
    }
    taps.end = taps.end > filter_size ? filter_size : taps.end;
    return taps;
}

static inline ts_taps_t ts_rows(const ts_window_t *w, int32_t y) {
    return ts_taps(y, w->stride_height, w->pad_top, w->dilation_height, w->filter_height, w->input_height);
}

static inline ts_taps_t ts_columns(const ts_window_t *w, int32_t x) {
    return ts_taps(x, w->stride_width, w->pad_left, w->dilation_width, w->filter_width, w->input_width);
}

#endif
