#include "ts_depthwise_conv_2d.h"

#include "ts_depthwise_conv_2d_needs.h"
#include "ts_mve.h"

/* Four channels at once take all registers; clang, and compilers that optimize nothing, keep some for themselves. */
#if defined(TS_HAS_SIMD) && defined(__OPTIMIZE__) && !defined(__clang__)
#define QUADS 1
#endif

/* Taps within the input, and which tap and where in the input the first of them is. */
typedef struct {
    ts_taps_t rows;
    ts_taps_t columns;
    int32_t tap;
    const int8_t *input;
} place_t;

static place_t find_place(const ts_window_t *w, const int8_t *input, ts_taps_t rows, int32_t x) {
    place_t place = {rows, ts_columns(w, x), 0, input};
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

#ifdef TS_HAS_MVE
#include "ts_depthwise_conv_2d_mve.h"
#else
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

#ifdef QUADS
/* Two neighbouring words. */
static inline void load_pair(const int32_t *words, int32_t *first, int32_t *second) {
    __asm__("ldrd %0, %1, [%2]" : "=&r"(*first), "=r"(*second) : "r"(words), "m"(words[0]), "m"(words[1]));
}

TS_INLINE int32_t small_output(int32_t sum, int32_t bias_and_right, int32_t multiplier, int32_t rounding) {
    const int32_t twice = 2 * (sum + (bias_and_right >> 8));
    return ts_saturate8(ts_scale_small(twice, multiplier, bias_and_right, rounding));
}

/* Two of four channels, from the lane-th on. */
TS_INLINE void small_outputs(const ts_quad_t *quad, int32_t lane, int32_t sums[2], int32_t rounding) {
    int32_t words[2];
    int32_t multipliers[2];
    load_pair(quad->bias_and_right + lane, &words[0], &words[1]);
    load_pair(quad->multiplier + lane, &multipliers[0], &multipliers[1]);
    sums[0] = small_output(sums[0], words[0], multipliers[0], rounding);
    sums[1] = small_output(sums[1], words[1], multipliers[1], rounding);
}

/* How the taps of place within the input are walked through, in bytes. */
typedef struct {
    int32_t offsets; /* the input's, in both halves */
    int32_t columns; /* taps of a row */
    int32_t rows;
    int32_t step;         /* between inputs of neighbouring taps */
    int32_t input_step;   /* between inputs of neighbouring rows */
    int32_t input_jump;   /* from behind a row's last input to the next row's first */
    int32_t weights_jump; /* the same of weights */
    int32_t weights;      /* of all rows */
} walk_t;

static walk_t find_walk(const ts_depthwise_conv_2d_t *p, const place_t *place) {
    const ts_window_t *w = &p->window;
    const int32_t columns = place->columns.end - place->columns.begin;
    const int32_t rows = place->rows.end - place->rows.begin;
    const int32_t step = w->dilation_width * w->input_channels;
    const int32_t input_step = w->dilation_height * w->input_width * w->input_channels;
    const walk_t walk = {ts_both(p->input_offset),
                         columns,
                         rows,
                         step,
                         input_step,
                         input_step - columns * step,
                         4 * (w->filter_width - columns),
                         4 * rows * w->filter_width};
    return walk;
}

/* Four channels' products of the taps that lie at two addresses. */
#define TAP(input, weights)                                                                                            \
    "ldr %[input], " input "\n\t"                                                                                      \
    "ldr %[weights], " weights "\n\t"                                                                                  \
    "sxtab16 %[input_even], %[offsets], %[input]\n\t"                                                                  \
    "sxtb16 %[weights_even], %[weights]\n\t"                                                                           \
    "sxtab16 %[input], %[offsets], %[input], ror #8\n\t"                                                               \
    "sxtb16 %[weights], %[weights], ror #8\n\t"                                                                        \
    "smlabb %[sum0], %[input_even], %[weights_even], %[sum0]\n\t"                                                      \
    "smlatt %[sum2], %[input_even], %[weights_even], %[sum2]\n\t"                                                      \
    "smlabb %[sum1], %[input], %[weights], %[sum1]\n\t"                                                                \
    "smlatt %[sum3], %[input], %[weights], %[sum3]\n\t"
#define TAP_OUTPUTS                                                                                                    \
    [row] "+r"(row), [tap] "+r"(tap), [left] "+r"(left), [sum0] "+r"(sum0), [sum1] "+r"(sum1), [sum2] "+r"(sum2),      \
        [sum3] "+r"(sum3), [input] "=&r"(input), [input_even] "=&r"(input_even), [weights] "=&r"(weights),             \
        [weights_even] "=&r"(weights_even)

/* Four channels at once, where output and input channels are the same. */
TS_NEST void convolve_quad(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *tap,
                           const ts_quad_t *quad, const int8_t *row, int8_t *output) {
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;
    int32_t input, input_even, weights, weights_even;
    int32_t left = walk->rows;
#ifndef __OPTIMIZE_SIZE__
    if (walk->columns == 3 && walk->weights_jump == 0 && left > 0) {
        __asm__("1:\n\t" TAP("[%[row]]", "[%[tap]], #4") TAP("[%[row], %[step]]", "[%[tap]], #4")
                    TAP("[%[row], %[step], lsl #1]", "[%[tap]], #4") "ldr %[input], %[input_step]\n\t"
                                                                     "subs %[left], %[left], #1\n\t"
                                                                     "add %[row], %[row], %[input]\n\t"
                                                                     "bne 1b"
                : TAP_OUTPUTS
                : [step] "r"(walk->step), [offsets] "r"(walk->offsets), [input_step] "m"(walk->input_step)
                : "cc", "memory");
    } else
#endif
        if (left > 0) {
        const int8_t *end = tap + walk->weights;
        left = walk->columns;
        __asm__("1:\n\t" TAP("[%[row]]", "[%[tap]], #4") "add %[row], %[row], %[step]\n\t"
                                                         "subs %[left], %[left], #1\n\t"
                                                         "bne 1b\n\t"
                                                         "ldr %[input], %[input_jump]\n\t"
                                                         "ldr %[weights], %[weights_jump]\n\t"
                                                         "ldr %[left], %[end]\n\t"
                                                         "add %[row], %[row], %[input]\n\t"
                                                         "add %[tap], %[tap], %[weights]\n\t"
                                                         "cmp %[tap], %[left]\n\t"
                                                         "ldr %[left], %[columns]\n\t"
                                                         "bne 1b"
                : TAP_OUTPUTS
                : [step] "r"(walk->step), [offsets] "r"(walk->offsets), [input_jump] "m"(walk->input_jump),
                  [weights_jump] "m"(walk->weights_jump), [end] "m"(end), [columns] "m"(walk->columns)
                : "cc", "memory");
    }
    if (is_small(p)) {
        const int32_t rounding = 1 + 2 * p->output_offset;
        int32_t first[2] = {sum0, sum1};
        int32_t last[2] = {sum2, sum3};
        small_outputs(quad, 0, first, rounding);
        small_outputs(quad, 2, last, rounding);
        sum0 = first[0];
        sum1 = first[1];
        sum2 = last[0];
        sum3 = last[1];
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
#ifdef QUADS
    const walk_t walk = find_walk(p, place);
    for (; (!TS_DEPTHWISE_CONV_2D_SINGLE || p->depth_multiplier == 1) && n + 4 <= channels; n += 4, stream += words) {
        const ts_quad_t *quad = (const ts_quad_t *)(const void *)(stream + taps);
        convolve_quad(p, &walk, (const int8_t *)(stream + place->tap), quad, place->input + n, output + n);
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
#endif

void ts_depthwise_conv_2d(const ts_depthwise_conv_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_depthwise_conv_2d_t p = *params;
    const ts_window_t *w = &p.window;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t y = 0; y < w->output_height; ++y) {
            const ts_taps_t rows = ts_rows(w, y);
            for (int32_t x = 0; x < w->output_width; ++x) {
                const place_t place = find_place(w, input, rows, x);
                convolve_channels(&p, &place, output);
                output += w->output_channels;
            }
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}
