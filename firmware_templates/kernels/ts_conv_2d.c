#include "ts_conv_2d.h"

#include "ts_clip.h"
#include "ts_conv_2d_needs.h"
#include "ts_mve.h"

#include <string.h>

/* As memcpy, for the few bytes of a filter's row. */
static void copy(int8_t *target, const int8_t *source, int32_t count) {
#ifdef TS_HAS_MVE
    ts_mve_copy(target, source, count);
#elif defined(TS_HAS_AVX2)
    ts_avx2_copy(target, source, count);
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

/* Where a filter lies within the input: its first row and column are from 0 to these. */
typedef struct {
    int32_t last_row;
    int32_t last_column;
    int32_t row_step; /* bytes between inputs of neighbouring rows */
} inside_t;

static inline inside_t find_inside(const ts_window_t *w) {
    const inside_t inside = {w->input_height - 1 - (w->filter_height - 1) * w->dilation_height,
                             w->input_width - 1 - (w->filter_width - 1) * w->dilation_width,
                             w->dilation_height * w->input_width * w->input_channels};
    return inside;
}

/* Whether neighbouring taps of all channels are neighbours in memory, too. */
static inline bool has_neighbours(const ts_conv_2d_t *p) {
    return !TS_CONV_2D_APART || (p->window.dilation_width == 1 && p->group_inputs == p->window.input_channels);
}

/* One row of taps. */
static inline void gather_row(const ts_conv_2d_t *p, const int8_t *input, int32_t taps, int8_t *patch) {
    const ts_window_t *w = &p->window;
    if (has_neighbours(p)) {
        copy(patch, input, taps * p->group_inputs);
        return;
    }
    for (; taps > 0; --taps, input += w->dilation_width * w->input_channels, patch += p->group_inputs) {
        copy(patch, input, p->group_inputs);
    }
}

/* The inputs under the filter at a position in row-major order, in the filter's order; zero points where it lies
 * outside. Returns where its output lies. */
TS_APART int32_t gather(const ts_conv_2d_t *p, const inside_t *inside, const int8_t *input, int32_t position,
                        int8_t *patch) {
    const ts_window_t *w = &p->window;
    const int32_t y = position / w->output_width;
    const int32_t x = position - y * w->output_width;
    const int32_t row = y * w->stride_height - w->pad_top;
    const int32_t column = x * w->stride_width - w->pad_left;
    ts_clip_t rows = {0, w->filter_height};
    ts_clip_t columns = {0, w->filter_width};
    if (row < 0 || row > inside->last_row || column < 0 || column > inside->last_column) {
        memset(patch, p->input_zero_point, (size_t)p->channels.inputs);
        ts_clip(&rows, row, w->dilation_height, w->input_height);
        ts_clip(&columns, column, w->dilation_width, w->input_width);
        rows.taps = columns.taps > 0 ? rows.taps : 0;
    }
    const int32_t first_row = row + rows.first * w->dilation_height;
    const int32_t first_column = column + columns.first * w->dilation_width;
    int32_t at = (first_row * w->input_width + first_column) * w->input_channels;
    patch += (rows.first * w->filter_width + columns.first) * p->group_inputs;
#ifdef TS_HAS_AVX2
    if (has_neighbours(p)) {
        ts_avx2_copy_rows(patch, w->filter_width * p->group_inputs, input + at, inside->row_step,
                          columns.taps * p->group_inputs, rows.taps);
        rows.taps = 0;
    }
#endif
    for (; rows.taps > 0; --rows.taps, at += inside->row_step, patch += w->filter_width * p->group_inputs) {
        gather_row(p, input + at, columns.taps, patch);
    }
    return y * p->positions.row_step + x * p->positions.column_step;
}

/* One group: two positions at a time where rows are taken in pairs. `scratch` holds what ts_channels needs, then both
 * patches. */
static void convolve(const ts_conv_2d_t *p, const ts_channels_t *channels, const int8_t *input, int8_t *output,
                     int8_t *scratch) {
    const ts_window_t *w = &p->window;
    const int32_t positions = w->output_height * w->output_width;
    const inside_t inside = find_inside(w);
    int8_t *patches = scratch + ((channels->inputs + 3) >> 2) * 16;
    for (int32_t position = 0; position < positions; position += 1 + TS_CHANNELS_BY_PAIRS) {
        const int32_t at = gather(p, &inside, input, position, patches);
        int32_t rows = 1;
        int32_t output_step = 0;
        if (TS_CHANNELS_BY_PAIRS && position + 1 < positions) {
            rows = 2;
            output_step = gather(p, &inside, input, position + 1, patches + channels->inputs) - at;
        }
        ts_channels(channels, rows, patches, output + at, output_step, scratch);
    }
}

void ts_conv_2d(const ts_conv_2d_t *params, const int8_t *input, int8_t *output, int8_t *scratch) {
    const ts_window_t *w = &params->window;
    const int32_t groups = TS_CONV_2D_APART ? params->groups : 1;
    output += params->positions.start;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        ts_channels_t channels = params->channels;
        for (int32_t group = 0; group < groups; ++group) {
            convolve(params, &channels, input + group * params->group_inputs, output + group * channels.outputs,
                     scratch);
            channels.stream += ((channels.outputs + 1) >> 1) * ts_pair_words(&channels);
        }
        input += w->input_height * w->input_width * w->input_channels;
        output += params->positions.batch_step;
    }
}
