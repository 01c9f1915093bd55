#include "ts_average_pool_2d.h"

#include "ts_requantize.h"
#include "ts_window.h"

/* Sum over the window / its number of taps, rounded half away from zero. */
static int32_t pool(const ts_average_pool_2d_t *p, const int8_t *input, ts_taps_t rows, ts_taps_t columns) {
    int32_t sum = 0;
    for (int32_t y = rows.begin; y < rows.end; ++y) {
        const int8_t *in = input + ((rows.origin + y) * p->input_width + columns.origin) * p->channels;
        for (int32_t x = columns.begin; x < columns.end; ++x) {
            sum += in[x * p->channels];
        }
    }
    const int32_t count = (rows.end - rows.begin) * (columns.end - columns.begin);
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

void ts_average_pool_2d(const ts_average_pool_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_average_pool_2d_t *p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const ts_taps_t rows = ts_taps(y, p->stride_height, p->pad_top, 1, p->filter_height, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x) {
                const ts_taps_t columns = ts_taps(x, p->stride_width, p->pad_left, 1, p->filter_width, p->input_width);
                for (int32_t c = 0; c < p->channels; ++c) {
                    *output++ = ts_clamp(pool(p, input + c, rows, columns), p->output_min, p->output_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->channels;
    }
}
