#include "ts_depthwise_conv_2d.h"

#include "ts_requantize.h"
#include "ts_window.h"

/* One output value of channel n from its input channel c. */
static int32_t convolve(const ts_depthwise_conv_2d_t *p, const int8_t *input, int32_t c, int32_t n, ts_taps_t rows,
                        ts_taps_t columns) {
    int32_t sum = 0;
    for (int32_t y = rows.begin; y < rows.end; ++y) {
        const int32_t input_row = (rows.origin + y * p->dilation_height) * p->input_width;
        for (int32_t x = columns.begin; x < columns.end; ++x) {
            const int32_t column = columns.origin + x * p->dilation_width;
            const int32_t value = input[(input_row + column) * p->input_channels + c] + p->input_offset;
            sum += value * p->weights[(y * p->filter_width + x) * p->output_channels + n];
        }
    }
    return sum;
}

void ts_depthwise_conv_2d(const ts_depthwise_conv_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_depthwise_conv_2d_t *p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            const ts_taps_t rows =
                ts_taps(y, p->stride_height, p->pad_top, p->dilation_height, p->filter_height, p->input_height);
            for (int32_t x = 0; x < p->output_width; ++x) {
                const ts_taps_t columns =
                    ts_taps(x, p->stride_width, p->pad_left, p->dilation_width, p->filter_width, p->input_width);
                for (int32_t n = 0; n < p->output_channels; ++n) {
                    int32_t sum = convolve(p, input, n / p->depth_multiplier, n, rows, columns);
                    sum += p->bias ? p->bias[n] : 0;
                    sum = ts_requantize(sum, p->multiplier[n], p->shift[n]) + p->output_offset;
                    *output++ = ts_clamp(sum, p->output_min, p->output_max);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
