#include "ts_conv_2d_i16.h"

#include <stdbool.h>
#include <string.h>

/* The inputs under one position of the filter, in the filter's order; zeros where it lies outside. */
static void gather(const ts_conv_2d_i16_t *p, const int16_t *input, int32_t y, int32_t x, int16_t *patch) {
    const ts_window_t *w = &p->window;
    const ts_taps_t rows = ts_rows(w, y);
    const ts_taps_t columns = ts_columns(w, x);
    /* Neighbouring taps of all channels are neighbours in memory, too. */
    const bool together = w->dilation_width == 1 && p->group_inputs == w->input_channels;
    const int32_t taps = together ? columns.end - columns.begin : 1;
    memset(patch, 0, (size_t)p->channels.inputs * sizeof *patch);
    for (int32_t i = rows.begin; i < rows.end; ++i) {
        const int32_t input_row = (rows.origin + i * w->dilation_height) * w->input_width;
        for (int32_t j = columns.begin; j < columns.end; j += taps) {
            const int16_t *in = input + (input_row + columns.origin + j * w->dilation_width) * w->input_channels;
            memcpy(patch + (i * w->filter_width + j) * p->group_inputs, in,
                   (size_t)(taps * p->group_inputs) * sizeof *patch);
        }
    }
}

/* One group of one image. */
static void convolve(const ts_conv_2d_i16_t *p, const ts_channels_i16_t *channels, const int16_t *input,
                     int16_t *output, int16_t *patch) {
    const ts_window_t *w = &p->window;
    for (int32_t y = 0; y < w->output_height; ++y) {
        for (int32_t x = 0; x < w->output_width; ++x) {
            gather(p, input, y, x, patch);
            ts_channels_row_i16(channels, patch, output + y * p->positions.row_step + x * p->positions.column_step);
        }
    }
}

void ts_conv_2d_i16(const ts_conv_2d_i16_t *params, const int16_t *input, int16_t *output, int8_t *scratch) {
    const ts_window_t *w = &params->window;
    output += params->positions.start;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        ts_channels_i16_t channels = params->channels;
        for (int32_t group = 0; group < params->groups; ++group) {
            convolve(params, &channels, input + group * params->group_inputs, output + group * channels.outputs,
                     (int16_t *)(void *)scratch);
            channels.stream += ((channels.outputs + 3) >> 2) * ts_quad_words_i16(&channels);
        }
        input += w->input_height * w->input_width * w->input_channels;
        output += params->positions.batch_step;
    }
}
