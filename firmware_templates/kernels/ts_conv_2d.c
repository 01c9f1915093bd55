#include "ts_conv_2d.h"

#include "ts_mve.h"
#include "ts_seldom.h"

#include <string.h>

/* As memcpy, for the few bytes of a filter's row. */
static void copy(int8_t *target, const int8_t *source, int32_t count) {
#ifdef TS_HAS_MVE
    ts_mve_copy(target, source, count);
#else
    for (; count >= 4; count -= 4, target += 4, source += 4) {
        memcpy(target, source, 4);
    }
    if ((count & 2) != 0) {
        memcpy(target, source, 2);
        target += 2;
        source += 2;
    }
    if ((count & 1) != 0) {
        *target = *source;
    }
#endif
}

/* The inputs under the filter, whose first row and column are these, in the filter's order; zero points where it lies
 * outside. */
TS_APART TS_SELDOM void gather(const ts_conv_2d_t *p, const int8_t *input, int32_t row, int32_t column, int8_t *patch) {
    const ts_window_t *w = &p->window;
    memset(patch, p->input_zero_point, (size_t)p->channels.inputs);
    for (int32_t i = 0; i < w->filter_height; ++i, row += w->dilation_height) {
        int32_t x = column;
        for (int32_t j = 0; j < w->filter_width; ++j, x += w->dilation_width, patch += p->group_inputs) {
            if (row >= 0 && row < w->input_height && x >= 0 && x < w->input_width) {
                copy(patch, input + (row * w->input_width + x) * w->input_channels, p->group_inputs);
            }
        }
    }
}

/* Where a filter lies within the input: its first row and column are from 0 to these. A row of it is a run of bytes, or
 * there is no such place. */
typedef struct {
    int32_t last_row;
    int32_t last_column;
    int32_t row_step;
    int32_t run;
} inside_t;

static inline inside_t find_inside(const ts_conv_2d_t *p) {
    const ts_window_t *w = &p->window;
    const bool runs = w->dilation_width == 1 && p->group_inputs == w->input_channels;
    const inside_t inside = {runs ? w->input_height - 1 - (w->filter_height - 1) * w->dilation_height : -1,
                             w->input_width - w->filter_width, w->dilation_height * w->input_width * w->input_channels,
                             w->filter_width * w->input_channels};
    return inside;
}

/* The same for a position in row-major order; returns where its output lies. */
TS_APART int32_t gather_at(const ts_conv_2d_t *p, const inside_t *inside, const int8_t *input, int32_t position,
                           int8_t *patch) {
    const ts_window_t *w = &p->window;
    const int32_t y = position / w->output_width;
    const int32_t x = position - y * w->output_width;
    const int32_t row = y * w->stride_height - w->pad_top;
    const int32_t column = x * w->stride_width - w->pad_left;
    if (row >= 0 && row <= inside->last_row && column >= 0 && column <= inside->last_column) {
        const int8_t *in = input + (row * w->input_width + column) * w->input_channels;
        for (int32_t left = w->filter_height; left > 0; --left, in += inside->row_step, patch += inside->run) {
            copy(patch, in, inside->run);
        }
    } else {
        gather(p, input, row, column, patch);
    }
    return y * p->positions.row_step + x * p->positions.column_step;
}

/* One group: two positions at a time. `scratch` holds what ts_channels needs, then both patches. */
static void convolve(const ts_conv_2d_t *p, const ts_channels_t *channels, const int8_t *input, int8_t *output,
                     int8_t *scratch) {
    const ts_window_t *w = &p->window;
    const int32_t positions = w->output_height * w->output_width;
    const inside_t inside = find_inside(p);
    int8_t *patches = scratch + ((channels->inputs + 3) >> 2) * 16;
    for (int32_t position = 0; position < positions; position += 2) {
        const int32_t at = gather_at(p, &inside, input, position, patches);
        int32_t rows = 1;
        int32_t output_step = 0;
        if (position + 1 < positions) {
            rows = 2;
            output_step = gather_at(p, &inside, input, position + 1, patches + channels->inputs) - at;
        }
        ts_channels(channels, rows, patches, output + at, output_step, scratch);
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
