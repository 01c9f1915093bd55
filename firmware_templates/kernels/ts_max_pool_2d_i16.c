#include "ts_max_pool_2d_i16.h"

#include "ts_pool_i16.h"

static int32_t largest(const ts_window_t *w, const int16_t *input, ts_taps_t rows, ts_taps_t columns) {
    int32_t value = INT16_MIN;
    for (int32_t y = rows.begin; y < rows.end; ++y) {
        const int16_t *in = input + ((rows.origin + y) * w->input_width + columns.origin) * w->input_channels;
        for (int32_t x = columns.begin; x < columns.end; ++x) {
            const int32_t next = in[x * w->input_channels];
            value = next > value ? next : value;
        }
    }
    return value;
}

void ts_max_pool_2d_i16(const ts_max_pool_2d_i16_t *params, const int16_t *input, int16_t *output) {
    ts_pool_apply_i16(&params->window, largest, params->output_min, params->output_max, input, output);
}
