#include "ts_resize_nearest_neighbor.h"

#include <string.h>

void ts_resize_nearest_neighbor(const ts_resize_nearest_neighbor_t *params, const int8_t *input, int8_t *output) {
    const ts_resize_nearest_neighbor_t p = *params;
    const int32_t row_bytes = p.output_width * p.channels;
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t y = 0; y < p.output_height; ++y) {
            if (y > 0 && p.rows[y] == p.rows[y - 1]) {
                memcpy(output, output - row_bytes, (size_t)row_bytes);
                output += row_bytes;
                continue;
            }
            const int8_t *row = input + p.rows[y];
            for (int32_t x = 0; x < p.output_width; ++x) {
                memcpy(output, row + p.columns[x], (size_t)p.channels);
                output += p.channels;
            }
        }
        input += p.batch_step;
    }
}
