/* ts_channels on cores with MVE: included by ts_channels.c, where the stream is described. */
#ifndef TS_CHANNELS_MVE_H
#define TS_CHANNELS_MVE_H

#include "ts_channels.h"
#include "ts_mve.h"

#ifdef TS_HAS_MVE

/* sums[2 * i + j] += row i times channel j. Sixteen inputs of both channels lie in 32 bytes of the stream, words of the
 * one between words of the other, which VLD2 takes apart. */
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

/* Outputs of four sums without biases; the words of their ts_scales_t lie `at` bytes behind `scales`. */
TS_INLINE int32x4_t mve_outputs(const ts_channels_t *p, int32x4_t sums, int32x4_t bias_and_right, int32x4_t multiplier,
                                int32x4_t more_bias) {
    const int32x4_t biased = vaddq_s32(sums, vshrq_n_s32(bias_and_right, 8));
    if (is_small(p)) {
        /* The lowest byte of the complement is the shift. */
        const int32x4_t scaled =
            ts_mve_shift_right(vqrdmulhq_s32(biased, multiplier), vmvnq_s32(bias_and_right));
        return ts_mve_saturate8(vaddq_n_s32(scaled, p->output_offset));
    }
    const int32x4_t shift = vmvnq_s32(vshrq_n_s32(vshlq_n_s32(bias_and_right, 24), 24));
    const int32x4_t scaled = ts_mve_requantize(vaddq_s32(biased, more_bias), multiplier, shift);
    const int32x4_t output = vaddq_n_s32(scaled, p->output_offset);
    return vminq_s32(vmaxq_s32(output, vdupq_n_s32(p->output_min)), vdupq_n_s32(p->output_max));
}

/* All channels of two rows, which may be the same one: four channels at a time, in the order 0, 2, 1, 3. */
static void mve_rows(const ts_channels_t *p, const int8_t *row0, const int8_t *row1, int8_t *output0,
                     int8_t *output1) {
    const int32_t inputs = p->inputs;
    const int32_t pair = 4 * ts_pair_words(p);
    const int32_t offset0 = is_small(p) ? 0 : row_offset(p, row0);
    const int32_t offset1 = is_small(p) ? 0 : row_offset(p, row1);
    const uint32x4_t places = {0, 2, 1, 3};
    const uint32x4_t scales_at = {0, (uint32_t)pair, 4, (uint32_t)pair + 4};
    const int8_t *stream = (const int8_t *)p->stream;
    int32x4_t sums0 = vdupq_n_s32(0);
    int32x4_t sums1 = sums0;
    for (int32_t left = p->outputs; left > 0; left -= 4, stream += 2 * pair, output0 += 4, output1 += 4) {
        const mve_pred16_t lanes = vcmphiq_u32(vdupq_n_u32((uint32_t)left), places);
        int32_t sums[4] = {offset0, offset0, offset1, offset1};
        mve_pair_dot(row0, row1, stream, inputs, sums);
        sums0 = ts_mve_set_even(sums0, sums[0], sums[1]);
        sums1 = ts_mve_set_even(sums1, sums[2], sums[3]);
        if (left > 2) {
            int32_t more[4] = {offset0, offset0, offset1, offset1};
            mve_pair_dot(row0, row1, stream + pair, inputs, more);
            sums0 = ts_mve_set_odd(sums0, more[0], more[1]);
            sums1 = ts_mve_set_odd(sums1, more[2], more[3]);
        }
        const int32_t *scales = (const int32_t *)(const void *)(stream + 8 * ((inputs + 3) >> 2));
        const int32x4_t bias_and_right = vldrwq_gather_offset_z_s32(scales, scales_at, lanes);
        const int32x4_t multiplier = vldrwq_gather_offset_z_s32(scales + 2, scales_at, lanes);
        const int32x4_t more_bias =
            is_small(p) ? vdupq_n_s32(0) : vldrwq_gather_offset_z_s32(scales + 4, scales_at, lanes);
        const int32x4_t below = mve_outputs(p, sums1, bias_and_right, multiplier, more_bias);
        const int32x4_t above = mve_outputs(p, sums0, bias_and_right, multiplier, more_bias);
        vstrbq_scatter_offset_p_s32(output1, places, below, lanes);
        vstrbq_scatter_offset_p_s32(output0, places, above, lanes);
    }
}

#endif

#endif
