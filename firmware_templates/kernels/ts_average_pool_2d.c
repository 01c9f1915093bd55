#include "ts_average_pool_2d.h"

#include "ts_requantize.h"

/* The taps along one axis of a window without dilation. */
static inline ts_taps_t taps_along(int32_t position, int32_t stride, int32_t pad, int32_t filter_size,
                                   int32_t input_size) {
    if (!TS_AVERAGE_POOL_2D_CLIPPED) {
        return (ts_taps_t){position * stride, 0, filter_size};
    }
    return ts_taps(position, stride, pad, 1, filter_size, input_size);
}

/* Sum of one channel / number of taps, rounded half away from zero; `skip` is from the end of a row of taps to the
 * next one. */
static inline int32_t average(const int8_t *in, int32_t height, int32_t width, int32_t channels, int32_t skip) {
    int32_t sum = 0;
    for (int32_t y = height; y > 0; --y, in += skip) {
        for (int32_t x = width; x > 0; --x, in += channels) {
            sum += *in;
        }
    }
    const int32_t count = height * width;
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

/* All channels of one window. */
static void pool(const ts_average_pool_2d_t *p, const int8_t *input, int32_t y, int32_t x, int8_t *output) {
    const ts_window_t *w = &p->window;
    const ts_taps_t rows = taps_along(y, w->stride_height, w->pad_top, w->filter_height, w->input_height);
    const ts_taps_t columns = taps_along(x, w->stride_width, w->pad_left, w->filter_width, w->input_width);
    const int32_t channels = w->input_channels;
    const int32_t height = rows.end - rows.begin;
    const int32_t width = columns.end - columns.begin;
    const int32_t skip = (w->input_width - width) * channels;
    input += ((rows.origin + rows.begin) * w->input_width + columns.origin + columns.begin) * channels;
    for (int32_t c = 0; c < channels; ++c) {
        output[c] = ts_clamp(average(input + c, height, width, channels, skip), p->output_min, p->output_max);
    }
}

void ts_average_pool_2d(const ts_average_pool_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_window_t *w = &params->window;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t y = 0; y < w->output_height; ++y) {
            for (int32_t x = 0; x < w->output_width; ++x) {
                pool(params, input, y, x, output);
                output += w->output_channels;
            }
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}
