/** @file
 * ts_channels on cores with MVE: included by ts_channels.c, where the stream is described. */
#ifndef TS_CHANNELS_MVE_H
#define TS_CHANNELS_MVE_H

#include "ts_channels.h"
#include "ts_mve.h"

#ifdef TS_HAS_MVE

/** sums[2 * i + j] += row i times channel j. Sixteen inputs of both channels lie in 32 bytes of the stream, words of
 * the one between words of the other, which VLD2 takes apart. */
TS_INLINE void mve_pair_dot(const int8_t *row0, const int8_t *row1, const int8_t *weights, int32_t inputs,
                            int32_t sums[4]) {
    int32_t sum00 = sums[0];
    int32_t sum01 = sums[1];
    int32_t sum10 = sums[2];
    int32_t sum11 = sums[3];
    __asm__("wls lr, %[turns], 2f\n\t"
            "1:\n\t"
            "vldrb.8 q0, [%[row0]], #16\n\t"
            "vld20.32 {q2, q3}, [%[weights]]\n\t"
            "vldrb.8 q1, [%[row1]], #16\n\t"
            "vld21.32 {q2, q3}, [%[weights]]!\n\t"
            "vmladava.s8 %[sum00], q0, q2\n\t"
            "vmladava.s8 %[sum01], q0, q3\n\t"
            "vmladava.s8 %[sum10], q1, q2\n\t"
            "vmladava.s8 %[sum11], q1, q3\n\t"
            "le lr, 1b\n\t"
            "2:"
            : [row0] "+r"(row0), [row1] "+r"(row1), [weights] "+r"(weights), [sum00] "+Te"(sum00), [sum01] "+Te"(sum01),
              [sum10] "+Te"(sum10), [sum11] "+Te"(sum11)
            : [turns] "r"(inputs >> 4)
            : "q0", "q1", "q2", "q3", "lr", "memory");
    if ((inputs & 15) != 0) {
        /* A block of four inputs is read where its first input is one: zeros are behind the last. */
        const mve_pred16_t left = vctp8q((uint32_t)(inputs & 15));
        const uint32x4_t blocks = vidupq_n_u32(0, 8);
        const int8x16_t in0 = vldrbq_z_s8(row0, left);
        const int8x16_t in1 = vldrbq_z_s8(row1, left);
        const int32_t *words = (const int32_t *)(const void *)weights;
        const int8x16_t weights0 = vreinterpretq_s8_s32(vldrwq_gather_offset_z_s32(words, blocks, left));
        const int8x16_t weights1 = vreinterpretq_s8_s32(vldrwq_gather_offset_z_s32(words + 1, blocks, left));
        sum00 = vmladavaq_s8(sum00, in0, weights0);
        sum01 = vmladavaq_s8(sum01, in0, weights1);
        sum10 = vmladavaq_s8(sum10, in1, weights0);
        sum11 = vmladavaq_s8(sum11, in1, weights1);
    }
    sums[0] = sum00;
    sums[1] = sum01;
    sums[2] = sum10;
    sums[3] = sum11;
}

/** What scales four channels: words that lie `at` bytes behind `scales`, of those channels in `lanes` unless all are
 * `there`. */
TS_INLINE int32x4_t mve_words(const int32_t *scales, uint32x4_t at, bool there, mve_pred16_t lanes) {
    return there ? vldrwq_gather_offset_s32(scales, at) : vldrwq_gather_offset_z_s32(scales, at, lanes);
}

/** Outputs of four sums, in the lowest byte of each. */
TS_INLINE int32x4_t mve_outputs(const ts_channels_t *p, int32x4_t biased, int32x4_t right, int32x4_t multiplier) {
    if (is_small(p)) {
        /* The lowest byte of the complement is the shift. */
        const int32x4_t scaled = ts_mve_shift_right(vqrdmulhq_s32(biased, multiplier), vmvnq_s32(right));
        return ts_mve_saturate8(vaddq_n_s32(scaled, p->output_offset));
    }
    const int32x4_t shift = vmvnq_s32(vshrq_n_s32(vshlq_n_s32(right, 24), 24));
    const int32x4_t output = vaddq_n_s32(ts_mve_requantize(biased, multiplier, shift), p->output_offset);
    return vminq_s32(vmaxq_s32(output, vdupq_n_s32(p->output_min)), vdupq_n_s32(p->output_max));
}

/** Of four channels of both rows, in the order 0, 2, 1, 3. */
typedef struct {
    int32x4_t row0; /**< of the first row */
    int32x4_t row1; /**< of the second one */
} mve_row_sums_t;

/** `stream` and `next`: of the first and the second pair of channels, of which the second is there if `left` is above
 * 2. */
TS_INLINE mve_row_sums_t mve_sums(const ts_channels_t *p, const int8_t *row0, const int8_t *row1, int32_t offset0,
                                  int32_t offset1, const int8_t *stream, const int8_t *next, int32_t left) {
    mve_row_sums_t found = {vdupq_n_s32(0), vdupq_n_s32(0)};
    int32_t sums[4] = {offset0, offset0, offset1, offset1};
    mve_pair_dot(row0, row1, stream, p->inputs, sums);
    found.row0 = ts_mve_set_even(found.row0, sums[0], sums[1]);
    found.row1 = ts_mve_set_even(found.row1, sums[2], sums[3]);
    if (left > 2) {
        int32_t more[4] = {offset0, offset0, offset1, offset1};
        mve_pair_dot(row0, row1, next, p->inputs, more);
        found.row0 = ts_mve_set_odd(found.row0, more[0], more[1]);
        found.row1 = ts_mve_set_odd(found.row1, more[2], more[3]);
    }
    return found;
}

/** Four channels, or `left` of them, of two rows that may be the same one. */
TS_INLINE void mve_quad(const ts_channels_t *p, mve_row_sums_t sums, const int8_t *scaling, int32_t pair,
                        int8_t *output0, int8_t *output1, int32_t left) {
    const bool there = left >= 4;
    const uint32x4_t places = {0, 2, 1, 3};
    const uint32x4_t at = {0, (uint32_t)pair, 4, (uint32_t)pair + 4u};
    const mve_pred16_t lanes = there ? 0 : vcmphiq_u32(vdupq_n_u32((uint32_t)left), places);
    const int32_t *scales = (const int32_t *)(const void *)scaling;
    const int32x4_t bias_and_right = mve_words(scales, at, there, lanes);
    const int32x4_t multiplier = mve_words(scales + 2, at, there, lanes);
    int32x4_t bias = vshrq_n_s32(bias_and_right, 8);
    if (!is_small(p)) {
        bias = vaddq_s32(bias, mve_words(scales + 4, at, there, lanes));
    }
    const int32x4_t below = mve_outputs(p, vaddq_s32(sums.row1, bias), bias_and_right, multiplier);
    const int32x4_t above = mve_outputs(p, vaddq_s32(sums.row0, bias), bias_and_right, multiplier);
    if (there) {
        vstrbq_scatter_offset_s32(output1, places, below);
        vstrbq_scatter_offset_s32(output0, places, above);
    } else {
        vstrbq_scatter_offset_p_s32(output1, places, below, lanes);
        vstrbq_scatter_offset_p_s32(output0, places, above, lanes);
    }
}

/** All channels of two rows, which may be the same one. */
static void mve_rows(const ts_channels_t *p, const int8_t *row0, const int8_t *row1, int8_t *output0, int8_t *output1) {
    const int32_t pair = 4 * ts_pair_words(p);
    const int32_t scaling = 8 * ((p->inputs + 3) >> 2);
    const int32_t offset0 = is_small(p) ? 0 : row_offset(p, row0);
    const int32_t offset1 = is_small(p) ? 0 : row_offset(p, row1);
    const int8_t *stream = (const int8_t *)p->stream;
    int32_t left = p->outputs;
    for (; left >= 4; left -= 4, stream += 2 * pair, output0 += 4, output1 += 4) {
        const mve_row_sums_t sums = mve_sums(p, row0, row1, offset0, offset1, stream, stream + pair, 4);
        mve_quad(p, sums, stream + scaling, pair, output0, output1, 4);
    }
    if (left > 0) {
        const mve_row_sums_t sums = mve_sums(p, row0, row1, offset0, offset1, stream, stream + pair, left);
        mve_quad(p, sums, stream + scaling, pair, output0, output1, left);
    }
}

#endif

#endif
