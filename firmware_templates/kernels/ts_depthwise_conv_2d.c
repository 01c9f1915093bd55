#include "ts_depthwise_conv_2d.h"

#include "ts_avx2.h"
#include "ts_clip.h"
#include "ts_depthwise_conv_2d_needs.h"
#include "ts_mve.h"

/* Four channels at once take all registers; clang, and compilers that optimize nothing, keep some for themselves. */
#if defined(TS_HAS_SIMD) && defined(__OPTIMIZE__) && !defined(__clang__)
#define QUADS 1
#endif

/* The taps of a filter that lie within the input, and how to walk through them, in bytes. */
typedef struct {
    int32_t rows;
    int32_t columns;      /* taps of a row */
    int32_t threes;       /* rows, where they are a filter's whole rows of three taps, or 0 */
    int32_t tap;          /* weights of the first one, behind those of tap 0 */
    int32_t step;         /* between inputs of neighbouring taps */
    int32_t input_step;   /* between inputs of neighbouring rows */
    int32_t input_jump;   /* from behind a row's last input to the next row's first */
    int32_t weights_jump; /* the same of weights */
    int32_t weights;      /* of all rows, of four channels */
    int32_t offsets;      /* the input's, in both halves */
    int32_t rounding;     /* 1 + 2 * the output's zero point */
} walk_t;

static inline void set_walk(const ts_window_t *w, int32_t rows, int32_t columns, walk_t *walk) {
    walk->rows = rows;
    walk->columns = columns;
    walk->threes = TS_DEPTHWISE_CONV_2D_THREES && columns == 3 && w->filter_width == 3 ? rows : 0;
    walk->input_jump = walk->input_step - columns * walk->step;
    walk->weights_jump = 4 * (w->filter_width - columns);
    walk->weights = 4 * rows * w->filter_width;
}

/* Of a filter that lies within the input as a whole. */
static inline walk_t whole_walk(const ts_depthwise_conv_2d_t *p) {
    const ts_window_t *w = &p->window;
    walk_t walk;
    walk.tap = 0;
    walk.step = w->dilation_width * w->input_channels;
    walk.input_step = w->dilation_height * w->input_width * w->input_channels;
    walk.offsets = (int32_t)(((uint32_t)p->input_offset & 0xFFFFu) * 0x10001u);
    walk.rounding = 1 + 2 * p->output_offset;
    set_walk(w, w->filter_height, w->filter_width, &walk);
    return walk;
}

/* Of a whole one, what is left where tap 0 lies there; returns where the input of the first tap left lies. */
TS_APART TS_SELDOM int32_t clip(const ts_window_t *w, int32_t row, int32_t column, const walk_t *whole, walk_t *walk) {
    ts_clip_t rows = {0, w->filter_height};
    ts_clip_t columns = {0, w->filter_width};
    ts_clip(&rows, row, w->dilation_height, w->input_height);
    ts_clip(&columns, column, w->dilation_width, w->input_width);
    *walk = *whole;
    if (rows.taps == 0 || columns.taps == 0) {
        walk->rows = 0;
        walk->threes = 0;
        return 0;
    }
    set_walk(w, rows.taps, columns.taps, walk);
    walk->tap = 4 * (rows.first * w->filter_width + columns.first);
    return (row * w->input_width + column) * w->input_channels + rows.first * walk->input_step +
           columns.first * walk->step;
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
static int8_t convolve(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *tap, const ts_quad_t *quad,
                       int32_t lane, const int8_t *input) {
    int32_t sum = 0;
    for (int32_t y = walk->rows; y > 0; --y, input += walk->input_jump, tap += walk->weights_jump) {
        for (int32_t x = walk->columns; x > 0; --x, input += walk->step, tap += 4) {
            sum += (*input + p->input_offset) * tap[lane];
        }
    }
    return any_output(p, quad, lane, sum);
}

#ifdef TS_HAS_AVX2
#include "ts_depthwise_conv_2d_avx2.h"
#endif

#ifndef TS_HAS_AVX2
TS_INLINE int32_t small_output(int32_t sum, int32_t bias_and_right, int32_t multiplier, int32_t rounding) {
    const int32_t twice = 2 * (sum + (bias_and_right >> 8));
    return ts_saturate8(ts_scale_small(twice, multiplier, bias_and_right, rounding));
}

#ifdef TS_HAS_HIGH_REGISTERS
#include "ts_depthwise_conv_2d_thumb.h"
#elif !defined(QUADS)
#include "ts_depthwise_conv_2d_quads.h"
#endif
#endif

#ifdef QUADS
/* Two neighbouring words of a quad, so many bytes behind its first. */
#define LOAD_PAIR(quad, bytes, first, second)                                                                          \
    __asm__("ldrd %0, %1, [%2, %3]" : "=&r"(first), "=r"(second) : "r"(quad), "i"(bytes), "m"(*(quad)))

/* Two of four channels, from the lane-th on. */
#define SMALL_OUTPUTS(quad, lane, sum0, sum1, rounding)                                                                \
    do {                                                                                                               \
        int32_t word0, word1, multiplier0, multiplier1;                                                                \
        LOAD_PAIR(quad, 4 * (lane), word0, word1);                                                                     \
        LOAD_PAIR(quad, 4 * (lane) + 16, multiplier0, multiplier1);                                                    \
        (sum0) = small_output(sum0, word0, multiplier0, rounding);                                                     \
        (sum1) = small_output(sum1, word1, multiplier1, rounding);                                                     \
    } while (false)

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
    int32_t left;
    if (TS_DEPTHWISE_CONV_2D_THREES && walk->threes > 0) {
        left = walk->threes;
        __asm__("1:\n\t" TAP("[%[row]]", "[%[tap]], #4") TAP("[%[row], %[step]]", "[%[tap]], #4")
                    TAP("[%[row], %[step], lsl #1]", "[%[tap]], #4") "ldr %[input], %[input_step]\n\t"
                                                                     "subs %[left], %[left], #1\n\t"
                                                                     "add %[row], %[row], %[input]\n\t"
                                                                     "bne 1b"
                : TAP_OUTPUTS
                : [step] "r"(walk->step), [offsets] "r"(walk->offsets), [input_step] "m"(walk->input_step)
                : "cc", "memory");
    } else if (walk->rows > 0) {
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
        SMALL_OUTPUTS(quad, 0, sum0, sum1, walk->rounding);
        SMALL_OUTPUTS(quad, 2, sum2, sum3, walk->rounding);
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
static void convolve_channels(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *input,
                              int8_t *output) {
    const int32_t channels = p->window.output_channels;
    const int32_t taps = p->window.filter_height * p->window.filter_width;
    const int32_t words = taps + (is_small(p) ? 8 : 12);
    const int32_t *stream = p->stream;
    int32_t n = 0;
#ifdef TS_HAS_HIGH_REGISTERS
    const bool aligned = (((uintptr_t)input | (uintptr_t)walk->step | (uintptr_t)walk->input_step) & 3u) == 0u;
    for (; aligned && is_small(p) && p->input_offset == 128 && p->depth_multiplier == 1 && n + 4 <= channels; n += 4) {
        const ts_quad_t *quad = (const ts_quad_t *)(const void *)(stream + taps);
        convolve_words(walk, (const int8_t *)stream + walk->tap, quad, input + n, output + n);
        stream += words;
    }
#else
    for (; (!TS_DEPTHWISE_CONV_2D_SINGLE || p->depth_multiplier == 1) && n + 4 <= channels; n += 4, stream += words) {
        const ts_quad_t *quad = (const ts_quad_t *)(const void *)(stream + taps);
        convolve_quad(p, walk, (const int8_t *)stream + walk->tap, quad, input + n, output + n);
    }
    if (!TS_DEPTHWISE_CONV_2D_SINGLE) {
        return;
    }
#endif
    for (; n < channels; ++n) {
        const ts_quad_t *quad = (const ts_quad_t *)(const void *)(stream + taps);
        const int8_t *tap = (const int8_t *)stream + walk->tap;
        output[n] =
            convolve(p, walk, tap, quad, n & 3, input + (TS_DEPTHWISE_CONV_2D_SINGLE ? n / p->depth_multiplier : n));
        stream += (n & 3) == 3 ? words : 0;
    }
}
#endif

void ts_depthwise_conv_2d(const ts_depthwise_conv_2d_t *params, const int8_t *input, int8_t *output) {
    const ts_window_t *w = &params->window;
    const walk_t whole = whole_walk(params);
    walk_t clipped;
    const int32_t last_row = w->input_height - 1 - (w->filter_height - 1) * w->dilation_height;
    const int32_t last_column = w->input_width - 1 - (w->filter_width - 1) * w->dilation_width;
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t y = 0; y < w->output_height; ++y) {
            const int32_t row = y * w->stride_height - w->pad_top;
            for (int32_t x = 0; x < w->output_width; ++x, output += w->output_channels) {
                const int32_t column = x * w->stride_width - w->pad_left;
                const walk_t *walk = &whole;
                int32_t at = (row * w->input_width + column) * w->input_channels;
                if (row < 0 || row > last_row || column < 0 || column > last_column) {
                    at = clip(w, row, column, &whole, &clipped);
                    walk = &clipped;
                }
                convolve_channels(params, walk, input + at, output);
            }
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
}
