/** @file
 * Eight channels at once on cores with MVE: included by ts_depthwise_conv_2d.c, whose functions it takes. */
#ifndef TS_DEPTHWISE_CONV_2D_MVE_H
#define TS_DEPTHWISE_CONV_2D_MVE_H

/** Of channels of even and of odd place: products of 16 bits come so. */
typedef struct {
    int32x4_t even; /**< channels 0, 2, 4, 6 */
    int32x4_t odd;  /**< channels 1, 3, 5, 7 */
} mve_sums_t;

/** Adds the taps of a walk, of eight channels that are all there. `weights_at`: where the weights of a
 * tap lie, the first four behind the one pointer, the others in the next part of the stream. */
TS_INLINE mve_sums_t mve_whole_sums(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *row,
                                    const int8_t *tap, uint16x8_t weights_at) {
    const int32_t columns = walk->columns;
    const int32_t tap_step = 4 * p->window.filter_width;
    int32_t rows = walk->rows;
    mve_sums_t sums = {vdupq_n_s32(0), vdupq_n_s32(0)};
    const int8_t *in;
    const int8_t *weights;
    if (rows == 0) {
        return sums;
    }
    __asm__("1:\n\t"
            "mov %[in], %[row]\n\t"
            "mov %[weights], %[tap]\n\t"
            "dls lr, %[columns]\n\t"
            "2:\n\t"
            "vldrb.s16 q0, [%[in]]\n\t"
            "vldrb.s16 q1, [%[weights], %q[at]]\n\t"
            "vadd.i16 q0, q0, %[offset]\n\t"
            "add %[in], %[in], %[step]\n\t"
            "vmullb.s16 q2, q0, q1\n\t"
            "add %[weights], %[weights], #4\n\t"
            "vmullt.s16 q3, q0, q1\n\t"
            "vadd.i32 %q[even], %q[even], q2\n\t"
            "vadd.i32 %q[odd], %q[odd], q3\n\t"
            "le lr, 2b\n\t"
            "add %[row], %[row], %[row_step]\n\t"
            "add %[tap], %[tap], %[tap_row]\n\t"
            "subs %[rows], %[rows], #1\n\t"
            "bne 1b"
            : [in] "=&l"(in), [weights] "=&r"(weights), [row] "+r"(row), [tap] "+r"(tap), [rows] "+r"(rows),
              [even] "+w"(sums.even), [odd] "+w"(sums.odd)
            : [columns] "r"(columns), [step] "r"(walk->step), [row_step] "r"(walk->input_step), [tap_row] "r"(tap_step),
              [offset] "r"(p->input_offset), [at] "w"(weights_at)
            : "q0", "q1", "q2", "q3", "lr", "cc", "memory");
    return sums;
}

/** The same of those channels in `lanes`, whose inputs lie `inputs_at` bytes behind `row`. */
static mve_sums_t mve_some_sums(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *row,
                                uint16x8_t inputs_at, const int8_t *tap, uint16x8_t weights_at, mve_pred16_t lanes) {
    const int32_t columns = walk->columns;
    const int32_t tap_step = 4 * p->window.filter_width;
    mve_sums_t sums = {vdupq_n_s32(0), vdupq_n_s32(0)};
    for (int32_t left = walk->rows; left > 0; --left, row += walk->input_step, tap += tap_step) {
        const int8_t *in = row;
        for (int32_t column = 0; column < columns; ++column, in += walk->step) {
            const int16x8_t values = vaddq_n_s16(vldrbq_gather_offset_z_s16(in, inputs_at, lanes), p->input_offset);
            const int16x8_t weights = vldrbq_gather_offset_z_s16(tap + 4 * column, weights_at, lanes);
            sums.even = vaddq_s32(sums.even, vmullbq_int_s16(values, weights));
            sums.odd = vaddq_s32(sums.odd, vmulltq_int_s16(values, weights));
        }
    }
    return sums;
}

/** What scales four channels: every other word, `at` bytes behind `scales`, of those in `lanes` unless all are `there`.
 */
TS_INLINE int32x4_t mve_words(const int32_t *scales, uint32x4_t at, bool there, mve_pred16_t lanes) {
    return there ? vldrwq_gather_offset_s32(scales, at) : vldrwq_gather_offset_z_s32(scales, at, lanes);
}

/** Sums of four channels at the output's scale. */
TS_INLINE int32x4_t mve_scaled(const ts_depthwise_conv_2d_t *p, int32x4_t sums, const int32_t *scales, uint32x4_t at,
                               bool there, mve_pred16_t lanes) {
    const int32x4_t bias_and_right = mve_words(scales, at, there, lanes);
    const int32x4_t multiplier = mve_words(scales + 4, at, there, lanes);
    const int32x4_t biased = vaddq_s32(sums, vshrq_n_s32(bias_and_right, 8));
    if (is_small(p)) {
        /* The lowest byte of the complement is the shift. */
        const int32x4_t scaled = ts_mve_shift_right(vqrdmulhq_s32(biased, multiplier), vmvnq_s32(bias_and_right));
        return vaddq_n_s32(scaled, p->output_offset);
    }
    const int32x4_t more_bias = mve_words(scales + 8, at, there, lanes);
    const int32x4_t shift = vmvnq_s32(vshrq_n_s32(vshlq_n_s32(bias_and_right, 24), 24));
    const int32x4_t scaled = ts_mve_requantize(vaddq_s32(biased, more_bias), multiplier, shift);
    const int32x4_t output = vaddq_n_s32(scaled, p->output_offset);
    return vminq_s32(vmaxq_s32(output, vdupq_n_s32(p->output_min)), vdupq_n_s32(p->output_max));
}

/** Eight outputs, or those in `lanes`; a channel of odd place is told by the even one before it. */
TS_INLINE void mve_store(const ts_depthwise_conv_2d_t *p, mve_sums_t sums, const int32_t *scales, uint32x4_t at,
                         int8_t *output, bool there, mve_pred16_t lanes) {
    const int32x4_t even = mve_scaled(p, sums.even, scales, at, there, lanes);
    const int32x4_t odd = mve_scaled(p, sums.odd, scales + 1, at, there, lanes);
    const int16x8_t halves = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(even), even), odd);
    const int16x8_t bytes = vreinterpretq_s16_s8(vqmovnbq_s16(vreinterpretq_s8_s16(halves), halves));
    if (there) {
        vstrbq_s16(output, bytes);
    } else {
        vstrbq_p_s16(output, bytes, lanes);
    }
}

/** Channels from the n-th on, where they are too few, or have no input channel each. */
static void mve_some_channels(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *input, int32_t n,
                              const int32_t *stream, int8_t *output) {
    const int32_t channels = p->window.output_channels;
    const int32_t taps = p->window.filter_height * p->window.filter_width;
    const int32_t words = taps + (is_small(p) ? 8 : 12);
    /* Filters whose weights 16 bits cannot tell apart are taken four channels at a time. */
    const int32_t together = 4 * words + 3 <= 0xFFFF ? 8 : 4;
    const uint16_t next = (uint16_t)(4 * words);
    const uint16x8_t weights_at = {
        0, 1, 2, 3, next, (uint16_t)(next + 1u), (uint16_t)(next + 2u), (uint16_t)(next + 3u)};
    const uint32x4_t scales_at = {0, 8, next, next + 8u};
    for (; n < channels; n += together, stream += (together >> 2) * words) {
        const mve_pred16_t lanes = vctp16q((uint32_t)(channels - n < together ? channels - n : together));
        const int32_t first = n / p->depth_multiplier;
        uint16_t inputs_at[8];
        for (int32_t i = 0; i < 8; ++i) {
            inputs_at[i] = (uint16_t)((n + i) / p->depth_multiplier - first);
        }
        const int8_t *tap = (const int8_t *)stream + walk->tap;
        const mve_sums_t sums = mve_some_sums(p, walk, input + first, vldrhq_u16(inputs_at), tap, weights_at, lanes);
        mve_store(p, sums, stream + taps, scales_at, output + n, false, lanes);
    }
}

/** All channels at one position. */
static void convolve_channels(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *input,
                              int8_t *output) {
    const ts_window_t *w = &p->window;
    const int32_t channels = w->output_channels;
    const int32_t taps = w->filter_height * w->filter_width;
    const int32_t words = taps + (is_small(p) ? 8 : 12);
    const int32_t *stream = p->stream;
    int32_t n = 0;
    if (p->depth_multiplier == 1 && 4 * words + 3 <= 0xFFFF) {
        const uint16_t next = (uint16_t)(4 * words);
        const uint16x8_t weights_at = {
            0, 1, 2, 3, next, (uint16_t)(next + 1u), (uint16_t)(next + 2u), (uint16_t)(next + 3u)};
        const uint32x4_t scales_at = {0, 8, next, next + 8u};
        for (; n + 8 <= channels; n += 8, stream += 2 * words) {
            const int8_t *tap = (const int8_t *)stream + walk->tap;
            const mve_sums_t sums = mve_whole_sums(p, walk, input + n, tap, weights_at);
            mve_store(p, sums, stream + taps, scales_at, output + n, true, 0);
        }
    }
    if (n < channels) {
        mve_some_channels(p, walk, input, n, stream, output);
    }
}

#endif
