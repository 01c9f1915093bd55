/** @file
 * The linear layer at the heart of FULLY_CONNECTED and CONV_2D on int16 values: rows of inputs times rows of
 * int8 weights, scaled per channel. All of a layer lies behind one pointer, in the order in which it is read. */
#ifndef TS_CHANNELS_I16_H
#define TS_CHANNELS_I16_H

#include "ts_linear_i16.h"

/** A linear layer. */
typedef struct {
    int32_t inputs;            /**< values per row */
    int32_t outputs;           /**< channels */
    ts_linear_output_t output; /**< how sums become outputs */
    const int32_t *stream;     /**< (quads of channels, ts_quad_i16_t and its weights) */
} ts_channels_i16_t;

/** Words of one quad of channels. */
static inline int32_t ts_quad_words_i16(const ts_channels_i16_t *p) {
    return TS_QUAD_I16_WORDS + 4 * ((p->inputs + 3) >> 2);
}

/** All channels of one row of inputs. */
static inline void ts_channels_row_i16(const ts_channels_i16_t *p, const int16_t *row, int16_t *output) {
    const int32_t words = ts_quad_words_i16(p);
    const int32_t *stream = p->stream;
    for (int32_t n = 0; n < p->outputs; n += 4, stream += words) {
        const ts_quad_i16_t *quad = (const ts_quad_i16_t *)(const void *)stream;
        const int32_t lanes = p->outputs - n < 4 ? p->outputs - n : 4;
        const int8_t *weights = (const int8_t *)(quad + 1);
        if (p->output.is_small != 0) {
            int32_t sums[4] = {quad->bias_low[0], quad->bias_low[1], quad->bias_low[2], quad->bias_low[3]};
            ts_narrow_dot_i16(row, weights, p->inputs, sums);
            ts_finish_small_quad(&p->output, quad, sums, lanes, output + n);
        } else {
            int64_t sums[4];
            ts_start_quad(quad, sums);
            ts_dot_i16(row, weights, p->inputs, sums);
            ts_finish_quad(&p->output, quad, sums, lanes, output + n);
        }
    }
}

#endif
