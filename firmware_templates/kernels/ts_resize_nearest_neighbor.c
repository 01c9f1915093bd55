#include "ts_resize_nearest_neighbor.h"

#include <string.h>

void ts_resize_nearest_neighbor(const ts_resize_nearest_neighbor_t *params, const void *input, void *output) {
    const ts_resize_nearest_neighbor_t p = *params;
    const int8_t *image = (const int8_t *)input;
    int8_t *out = (int8_t *)output;
    const int32_t row_bytes = p.output_width * p.pixel_bytes;
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t y = 0; y < p.output_height; ++y) {
            if (y > 0 && p.rows[y] == p.rows[y - 1]) {
                memcpy(out, out - row_bytes, (size_t)row_bytes);
                out += row_bytes;
                continue;
            }
            const int8_t *row = image + p.rows[y];
            for (int32_t x = 0; x < p.output_width; ++x) {
                memcpy(out, row + p.columns[x], (size_t)p.pixel_bytes);
                out += p.pixel_bytes;
            }
        }
        image += p.batch_step;
    }
}
