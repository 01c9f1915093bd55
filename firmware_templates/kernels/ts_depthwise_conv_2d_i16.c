#include "ts_depthwise_conv_2d_i16.h"

/* Taps within the input. */
typedef struct {
    ts_taps_t rows;
    ts_taps_t columns;
} place_i16_t;

/* Where tap (y, x) meets the input. */
static const int16_t *tap_input(const ts_window_t *w, const place_i16_t *place, const int16_t *input, int32_t y,
                                int32_t x) {
    const int32_t row = place->rows.origin + y * w->dilation_height;
    const int32_t column = place->columns.origin + x * w->dilation_width;
    return input + (row * w->input_width + column) * w->input_channels;
}

/* What the taps add to one lane of a quad, of the input channel that `input` starts at; taps outside the input add
 * nothing. */
static int64_t lane_sum(const ts_window_t *w, const place_i16_t *place, const int8_t *weights, const int16_t *input) {
    int64_t sum = 0;
    for (int32_t y = place->rows.begin; y < place->rows.end; ++y) {
        for (int32_t x = place->columns.begin; x < place->columns.end; ++x) {
            const int32_t value = *tap_input(w, place, input, y, x);
            sum += value * weights[4 * (y * w->filter_width + x)];
        }
    }
    return sum;
}

#ifdef TS_HAS_SIMD
/* The same for four channels at once, where output and input channels are the same and sums are small. */
static void add_quad_taps(const ts_window_t *w, const place_i16_t *place, const int8_t *weights, const int16_t *input,
                          int32_t sums[4]) {
    const int32_t step = w->dilation_width * w->input_channels;
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];
    for (int32_t y = place->rows.begin; y < place->rows.end; ++y) {
        const int8_t *tap = weights + 4 * (y * w->filter_width + place->columns.begin);
        const int16_t *in = tap_input(w, place, input, y, place->columns.begin);
        for (int32_t left = place->columns.end - place->columns.begin; left > 0; --left, tap += 4, in += step) {
            const int32_t first = ts_load2_i16(in);
            const int32_t second = ts_load2_i16(in + 2);
            const uint32_t word = ts_load4(tap);
            const int32_t even = ts_plain_even(word);
            const int32_t odd = ts_plain_odd(word);
            sum0 = ts_multiply_add_low(first, even, sum0);
            sum1 = ts_multiply_add_mixed(first, odd, sum1);
            sum2 = ts_multiply_add_mixed(even, second, sum2);
            sum3 = ts_multiply_add_high(second, odd, sum3);
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}
#endif

/* What the taps add to the small sums of `lanes` output channels from `first` on, which is the first of a quad. */
static void add_small_taps(const ts_depthwise_conv_2d_i16_t *p, const place_i16_t *place, const int8_t *weights,
                           const int16_t *input, int32_t first, int32_t lanes, int32_t sums[4]) {
    const ts_window_t *w = &p->window;
#ifdef TS_HAS_SIMD
    if (p->depth_multiplier == 1 && lanes == 4) {
        add_quad_taps(w, place, weights, input + first, sums);
        return;
    }
#endif
    for (int32_t lane = 0; lane < lanes; ++lane) {
        sums[lane] += (int32_t)lane_sum(w, place, weights + lane, input + (first + lane) / p->depth_multiplier);
    }
}

/* All channels at one position. */
static void convolve_channels(const ts_depthwise_conv_2d_i16_t *p, const place_i16_t *place, const int16_t *input,
                              int16_t *output) {
    const ts_window_t *w = &p->window;
    const int32_t words = TS_QUAD_I16_WORDS + w->filter_height * w->filter_width;
    const int32_t *stream = p->stream;
    for (int32_t n = 0; n < w->output_channels; n += 4, stream += words) {
        const ts_quad_i16_t *quad = (const ts_quad_i16_t *)(const void *)stream;
        const int8_t *weights = (const int8_t *)(quad + 1);
        const int32_t lanes = w->output_channels - n < 4 ? w->output_channels - n : 4;
        if (p->output.is_small != 0) {
            int32_t sums[4] = {quad->bias_low[0], quad->bias_low[1], quad->bias_low[2], quad->bias_low[3]};
            add_small_taps(p, place, weights, input, n, lanes, sums);
            ts_finish_small_quad(&p->output, quad, sums, lanes, output + n);
        } else {
            int64_t sums[4];
            ts_start_quad(quad, sums);
            for (int32_t lane = 0; lane < lanes; ++lane) {
                sums[lane] += lane_sum(w, place, weights + lane, input + (n + lane) / p->depth_multiplier);
            }
            ts_finish_quad(&p->output, quad, sums, lanes, output + n);
        }
    }
}

void ts_depthwise_conv_2d_i16(const ts_depthwise_conv_2d_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_window_t *w = &params->window;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t y = 0; y < w->output_height; ++y) {
            for (int32_t x = 0; x < w->output_width; ++x) {
                const place_i16_t place = {ts_rows(w, y), ts_columns(w, x)};
                convolve_channels(params, &place, input, output);
                output += w->output_channels;
            }
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}
