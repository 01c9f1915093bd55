#include "ts_depthwise_conv_2d.h"

#include "ts_depthwise_conv_2d_needs.h"

/* Taps within the input, and which tap and where in the input the first of them is. */
typedef struct {
    ts_taps_t rows;
    ts_taps_t columns;
    int32_t tap;
    const int8_t *input;
} place_t;

static place_t find_place(const ts_window_t *w, const int8_t *input, int32_t y, int32_t x) {
    place_t place = {.rows = ts_rows(w, y), .columns = ts_columns(w, x), .tap = 0, .input = input};
    if (place.rows.end > place.rows.begin && place.columns.end > place.columns.begin) {
        const int32_t row = place.rows.origin + place.rows.begin * w->dilation_height;
        const int32_t column = place.columns.origin + place.columns.begin * w->dilation_width;
        place.tap = place.rows.begin * w->filter_width + place.columns.begin;
        place.input = input + (row * w->input_width + column) * w->input_channels;
    } else {
        place.rows.end = place.rows.begin;
    }
    return place;
}

static inline bool is_small(const ts_depthwise_conv_2d_t *p) {
    return !TS_DEPTHWISE_CONV_2D_LARGE || p->is_small;
}

static int8_t any_output(const ts_depthwise_conv_2d_t *p, const ts_quad_t *quad, int32_t lane, int32_t sum) {
    const int32_t bias_and_right = quad->bias_and_right[lane];
    const int32_t more_bias = is_small(p) ? 0 : ((const int32_t *)(quad + 1))[lane];
    const int32_t bias = (bias_and_right >> 8) + more_bias;
    const int32_t scaled = ts_requantize(sum + bias, quad->multiplier[lane], -1 - (int8_t)bias_and_right);
    return ts_clamp(scaled + p->output_offset, p->output_min, p->output_max);
}

/* One of four output channels from its input channel; taps outside the input add nothing. */
static int8_t convolve(const ts_depthwise_conv_2d_t *p, const place_t *place, const int8_t *weights,
                       const ts_quad_t *quad, int32_t lane, int32_t channel) {
    const ts_window_t *w = &p->window;
    const int8_t *row = place->input + channel;
    int32_t sum = 0;
    for (int32_t y = place->rows.begin; y < place->rows.end; ++y) {
        const int8_t *in = row;
        for (int32_t x = place->columns.begin; x < place->columns.end; ++x) {
            sum += (*in + p->input_offset) * weights[4 * (y * w->filter_width + x) + lane];
            in += w->dilation_width * w->input_channels;
        }
        row += w->dilation_height * w->input_width * w->input_channels;
    }
    return any_output(p, quad, lane, sum);
}

#ifdef TS_HAS_SIMD
TS_INLINE int32_t small_output(const ts_quad_t *quad, int32_t lane, int32_t sum, int32_t rounding) {
    const int32_t bias_and_right = quad->bias_and_right[lane];
    const int32_t twice = 2 * (sum + (bias_and_right >> 8));
    return ts_saturate8(ts_scale_small(twice, quad->multiplier[lane], bias_and_right, rounding));
}

/* Four channels at once, where output and input channels are the same. */
TS_NEST void convolve_quad(const ts_depthwise_conv_2d_t *p, const place_t *place, const int8_t *tap,
                           const ts_quad_t *quad, const int8_t *row, int8_t *output) {
    const ts_window_t *w = &p->window;
    const int32_t offsets = ts_both(p->input_offset);
    const int32_t step = w->dilation_width * w->input_channels;
    const int32_t row_step = w->dilation_height * w->input_width * w->input_channels;
    const int32_t columns = place->columns.end - place->columns.begin;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;
    for (int32_t left = place->rows.end - place->rows.begin; left > 0; --left) {
        const int8_t *in = row;
        const int8_t *weights = tap;
        for (const int8_t *end = tap + 4 * columns; weights < end; weights += 4) {
            const uint32_t a = ts_load4(in);
            const uint32_t b = ts_load4(weights);
            const int32_t a_even = ts_even(offsets, a);
            const int32_t b_even = ts_plain_even(b);
            const int32_t a_odd = ts_odd(offsets, a);
            const int32_t b_odd = ts_plain_odd(b);
            sum0 = ts_multiply_add_low(a_even, b_even, sum0);
            sum2 = ts_multiply_add_high(a_even, b_even, sum2);
            sum1 = ts_multiply_add_low(a_odd, b_odd, sum1);
            sum3 = ts_multiply_add_high(a_odd, b_odd, sum3);
            in += step;
        }
        tap += 4 * w->filter_width;
        row += row_step;
    }
    if (is_small(p)) {
        const int32_t rounding = 1 + 2 * p->output_offset;
        sum0 = small_output(quad, 0, sum0, rounding);
        sum1 = small_output(quad, 1, sum1, rounding);
        sum2 = small_output(quad, 2, sum2, rounding);
        sum3 = small_output(quad, 3, sum3, rounding);
    } else {
        sum0 = any_output(p, quad, 0, sum0);
        sum1 = any_output(p, quad, 1, sum1);
        sum2 = any_output(p, quad, 2, sum2);
        sum3 = any_output(p, quad, 3, sum3);
    }
    output[0] = (int8_t)sum0;
    output[1] = (int8_t)sum1;
    output[2] = (int8_t)sum2;
    output[3] = (int8_t)sum3;
}
#endif

/* All channels at one position. */
static void convolve_channels(const ts_depthwise_conv_2d_t *p, const place_t *place, int8_t *output) {
    const int32_t channels = p->window.output_channels;
    const int32_t taps = p->window.filter_height * p->window.filter_width;
    const int32_t words = taps + (is_small(p) ? 8 : 12);
    const int32_t *stream = p->stream;
    int32_t n = 0;
#ifdef TS_HAS_SIMD
    for (; (!TS_DEPTHWISE_CONV_2D_SINGLE || p->depth_multiplier == 1) && n + 4 <= channels; n += 4, stream += words) {
        const ts_quad_t *quad = (const ts_quad_t *)(const void *)(stream + taps);
        convolve_quad(p, place, (const int8_t *)(stream + place->tap), quad, place->input + n, output + n);
    }
    if (!TS_DEPTHWISE_CONV_2D_SINGLE) {
        return;
    }
#endif
    for (; n < channels; ++n) {
        const ts_quad_t *quad = (const ts_quad_t *)(const void *)(stream + taps);
        output[n] = convolve(p, place, (const int8_t *)stream, quad, n & 3, n / p->depth_multiplier);
        stream += (n & 3) == 3 ? words : 0;
    }
}

void ts_depthwise_conv_2d(const ts_depthwise_conv_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_depthwise_conv_2d_t p = *params;
    const ts_window_t *w = &p.window;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t y = 0; y < w->output_height; ++y) {
            for (int32_t x = 0; x < w->output_width; ++x) {
                const place_t place = find_place(w, input, y, x);
                convolve_channels(&p, &place, output);
                output += w->output_channels;
            }
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}
