#include "ts_average_pool_2d.h"

#include "ts_requantize.h"

/* Sum over the window / its number of taps, rounded half away from zero. */
static int32_t pool(const ts_window_t *w, const int8_t *input, ts_taps_t rows, ts_taps_t columns) {
    int32_t sum = 0;
    for (int32_t y = rows.begin; y < rows.end; ++y) {
        const int8_t *in = input + ((rows.origin + y) * w->input_width + columns.origin) * w->input_channels;
        for (int32_t x = columns.begin; x < columns.end; ++x) {
            sum += in[x * w->input_channels];
        }
    }
    const int32_t count = (rows.end - rows.begin) * (columns.end - columns.begin);
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void ts_average_pool_2d(const ts_average_pool_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_window_t *w = &params->window;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t y = 0; y < w->output_height; ++y) {
            const ts_taps_t rows = ts_rows(w, y);
            for (int32_t x = 0; x < w->output_width; ++x) {
                const ts_taps_t columns = ts_columns(w, x);
                for (int32_t c = 0; c < w->output_channels; ++c) {
                    *output++ = ts_clamp(pool(w, input + c, rows, columns), params->output_min, params->output_max);
                }
            }
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}
