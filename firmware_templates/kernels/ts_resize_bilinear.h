/** @file
 * RESIZE_BILINEAR: (batch, height, width, channels), every output position between four input positions. */
#ifndef TS_RESIZE_BILINEAR_H
#define TS_RESIZE_BILINEAR_H

#include <stdint.h>

/** Output position i lies at input position i * scale + offset, in 1/1024. */
typedef struct {
    int32_t input_size;
    int32_t output_size;
    int32_t scale;
    int32_t offset;
} ts_resize_axis_t;

typedef struct {
    int32_t batches;
    int32_t channels;
    ts_resize_axis_t rows;
    ts_resize_axis_t columns;
} ts_resize_bilinear_t;

void ts_resize_bilinear(const ts_resize_bilinear_t *params, const int8_t *input, int8_t *output);

#endif
