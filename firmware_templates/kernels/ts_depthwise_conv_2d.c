#include "ts_depthwise_conv_2d.h"

#include "ts_requantize.h"
#include "ts_simd.h"

static int8_t scale(const ts_depthwise_conv_2d_t *p, int32_t channel, int32_t sum) {
    const int32_t scaled = ts_requantize(sum, p->multiplier[channel], p->shift[channel]);
    return ts_clamp(scaled + p->output_offset, p->output_min, p->output_max);
}

/* Output channel n from its input channel c; taps outside the input add nothing. */
static int32_t convolve(const ts_depthwise_conv_2d_t *p, const int8_t *input, int32_t c, int32_t n, ts_taps_t rows,
                        ts_taps_t columns) {
    const ts_window_t *w = &p->window;
    int32_t sum = p->bias[n];
    for (int32_t y = rows.begin; y < rows.end; ++y) {
        const int32_t row = (rows.origin + y * w->dilation_height) * w->input_width + columns.origin;
        for (int32_t x = columns.begin; x < columns.end; ++x) {
            const int32_t value = input[(row + x * w->dilation_width) * w->input_channels + c] + p->input_offset;
            sum += value * p->weights[(y * w->filter_width + x) * w->output_channels + n];
        }
    }
    return sum;
}

#ifdef TS_HAS_SIMD
/* Channels n to n + 3 at once, where output and input channels are the same. */
static void convolve_4(const ts_depthwise_conv_2d_t *p, const int8_t *input, int32_t n, ts_taps_t rows,
                       ts_taps_t columns, int8_t *output) {
    const ts_window_t *w = &p->window;
    const int32_t offsets = ts_both(p->input_offset);
    const int32_t input_step = w->dilation_width * w->input_channels;
    int32_t sum0 = p->bias[n];
    int32_t sum1 = p->bias[n + 1];
    int32_t sum2 = p->bias[n + 2];
    int32_t sum3 = p->bias[n + 3];
    for (int32_t y = rows.begin; y < rows.end; ++y) {
        const int32_t row = (rows.origin + y * w->dilation_height) * w->input_width + columns.origin;
        const int8_t *in = input + (row + columns.begin * w->dilation_width) * w->input_channels + n;
        const int8_t *weights = p->weights + (y * w->filter_width + columns.begin) * w->output_channels + n;
        for (int32_t left = columns.end - columns.begin; left > 0; --left) {
            const uint32_t a = ts_load4(in);
            const uint32_t b = ts_load4(weights);
            const int32_t a_even = ts_even(offsets, a);
            const int32_t b_even = ts_even(0, b);
            sum0 += ts_low(a_even) * ts_low(b_even);
            sum2 += ts_high(a_even) * ts_high(b_even);
            const int32_t a_odd = ts_odd(offsets, a);
            const int32_t b_odd = ts_odd(0, b);
            sum1 += ts_low(a_odd) * ts_low(b_odd);
            sum3 += ts_high(a_odd) * ts_high(b_odd);
            in += input_step;
            weights += w->output_channels;
        }
    }
    output[n] = scale(p, n, sum0);
    output[n + 1] = scale(p, n + 1, sum1);
    output[n + 2] = scale(p, n + 2, sum2);
    output[n + 3] = scale(p, n + 3, sum3);
}
#endif

/* All channels at one position. */
static void convolve_channels(const ts_depthwise_conv_2d_t *p, const int8_t *input, ts_taps_t rows, ts_taps_t columns,
                              int8_t *output) {
    int32_t n = 0;
#ifdef TS_HAS_SIMD
    if (p->depth_multiplier == 1 && columns.end > columns.begin) {
        for (; n + 4 <= p->window.output_channels; n += 4) {
            convolve_4(p, input, n, rows, columns, output);
        }
    }
#endif
    for (; n < p->window.output_channels; ++n) {
        output[n] = scale(p, n, convolve(p, input, n / p->depth_multiplier, n, rows, columns));
    }
}

void ts_depthwise_conv_2d(const ts_depthwise_conv_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_window_t *w = &params->window;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t y = 0; y < w->output_height; ++y) {
            const ts_taps_t rows = ts_rows(w, y);
            for (int32_t x = 0; x < w->output_width; ++x) {
                convolve_channels(params, input, rows, ts_columns(w, x), output);
                output += w->output_channels;
            }
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}
