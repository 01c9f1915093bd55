#include "ts_average_pool_2d_i16.h"

#include "ts_pool_i16.h"

/* Sum over the window / its number of taps, rounded half away from zero. */
static int32_t average(const ts_window_t *w, const int16_t *input, ts_taps_t rows, ts_taps_t columns) {
    int32_t sum = 0;
    for (int32_t y = rows.begin; y < rows.end; ++y) {
        const int16_t *in = input + ((rows.origin + y) * w->input_width + columns.origin) * w->input_channels;
        for (int32_t x = columns.begin; x < columns.end; ++x) {
            sum += in[x * w->input_channels];
        }
    }
    const int32_t count = (rows.end - rows.begin) * (columns.end - columns.begin);
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void ts_average_pool_2d_i16(const ts_average_pool_2d_i16_t *params, const int16_t *input, int16_t *output) {
    ts_pool_apply_i16(&params->window, average, params->output_min, params->output_max, input, output);
}
