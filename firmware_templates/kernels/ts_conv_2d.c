#include "ts_conv_2d.h"

#include "ts_requantize.h"
#include "ts_window.h"

/* One output value: the filter over the taps inside the input; taps outside add nothing. */
static int32_t convolve(const ts_conv_2d_t *p, const int8_t *input, const int8_t *filter, ts_taps_t rows,
                        ts_taps_t columns) {
    int32_t sum = 0;
    for (int32_t y = rows.begin; y < rows.end; ++y) {
        const int32_t input_row = (rows.origin + y * p->dilation_height) * p->input_width;
        for (int32_t x = columns.begin; x < columns.end; ++x) {
            const int8_t *in = input + (input_row + columns.origin + x * p->dilation_width) * p->input_channels;
            const int8_t *weights = filter + (y * p->filter_width + x) * p->filter_channels;
            for (int32_t c = 0; c < p->filter_channels; ++c) {
                sum += (in[c] + p->input_offset) * weights[c];
            }
        }
    }
    return sum;
}

void ts_conv_2d(const ts_conv_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_conv_2d_t *p = params;
    const int32_t filter_size = p->filter_height * p->filter_width * p->filter_channels;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const ts_taps_t rows =
                ts_taps(y, p->stride_height, p->pad_top, p->dilation_height, p->filter_height, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x) {
                const ts_taps_t columns =
                    ts_taps(x, p->stride_width, p->pad_left, p->dilation_width, p->filter_width, p->input_width);
                for (int32_t n = 0; n < p->output_channels; ++n) {
                    const int32_t group = n / p->group_filters;
                    int32_t sum =
                        convolve(p, input + group * p->filter_channels, p->weights + n * filter_size, rows, columns);
                    sum += p->bias ? p->bias[n] : 0;
                    sum = ts_requantize(sum, p->multiplier[n], p->shift[n]) + p->output_offset;
                    *output++ = ts_clamp(sum, p->output_min, p->output_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
