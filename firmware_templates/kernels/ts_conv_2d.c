#include "ts_conv_2d.h"

#include <string.h>

/* As memcpy, for the few bytes of a filter's row. */
static void copy(int8_t *target, const int8_t *source, int32_t count) {
    for (; count >= 4; count -= 4, target += 4, source += 4) {
        memcpy(target, source, 4);
    }
    for (; count > 0; --count) {
        *target++ = *source++;
    }
}

/* The inputs under one position of the filter, in the filter's order; zero points where it lies outside. */
static void gather(const ts_conv_2d_t *p, const int8_t *input, int32_t y, int32_t x, int8_t *patch) {
    const ts_window_t *w = &p->window;
    const ts_taps_t rows = ts_rows(w, y);
    const ts_taps_t columns = ts_columns(w, x);
    const int32_t inside = rows.end > rows.begin && columns.end > columns.begin;
    if (!inside || rows.end - rows.begin < w->filter_height || columns.end - columns.begin < w->filter_width) {
        memset(patch, p->input_zero_point, (size_t)p->channels.inputs);
    }
    /* Neighbouring taps of all channels are neighbours in memory, too. */
    const int32_t together = w->dilation_width == 1 && p->group_inputs == w->input_channels;
    const int32_t taps = together ? columns.end - columns.begin : 1;
    for (int32_t i = rows.begin; inside && i < rows.end; ++i) {
        const int32_t input_row = (rows.origin + i * w->dilation_height) * w->input_width;
        for (int32_t j = columns.begin; j < columns.end; j += taps) {
            const int8_t *in = input + (input_row + columns.origin + j * w->dilation_width) * w->input_channels;
            copy(patch + (i * w->filter_width + j) * p->group_inputs, in, taps * p->group_inputs);
        }
    }
}

/* Where the output of a position lies. */
static int32_t place(const ts_conv_2d_t *p, int32_t position) {
    const int32_t width = p->window.output_width;
    return position / width * p->positions.row_step + position % width * p->positions.column_step;
}

/* One group: two positions at a time. `scratch` holds what ts_channels_2 needs, then both patches. */
static void convolve(const ts_conv_2d_t *p, const ts_channels_t *channels, const int8_t *input, int8_t *output,
                     int8_t *scratch) {
    const ts_window_t *w = &p->window;
    const int32_t positions = w->output_height * w->output_width;
    int16_t *wide = (int16_t *)(void *)scratch;
    int8_t *patches = scratch + ((channels->inputs + 3) >> 2) * 16;
    for (int32_t position = 0; position < positions; position += 2) {
        const int32_t next = position + 1;
        const int32_t at = place(p, position);
        gather(p, input, position / w->output_width, position % w->output_width, patches);
        if (next < positions) {
            gather(p, input, next / w->output_width, next % w->output_width, patches + channels->inputs);
            ts_channels_2(channels, patches, channels->inputs, output + at, place(p, next) - at, wide);
        } else {
            ts_channels_1(channels, patches, output + at);
        }
    }
}

void ts_conv_2d(const ts_conv_2d_t *params, const int8_t *input, int8_t *output, int8_t *scratch) {
    const ts_window_t *w = &params->window;
    output += params->positions.start;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        ts_channels_t channels = params->channels;
        for (int32_t group = 0; group < params->groups; ++group) {
            convolve(params, &channels, input + group * params->group_inputs, output + group * channels.outputs,
                     scratch);
            channels.stream += ((channels.outputs + 1) >> 1) * ts_pair_words(&channels);
        }
        input += w->input_height * w->input_width * w->input_channels;
        output += params->positions.batch_step;
    }
}
