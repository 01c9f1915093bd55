/** @file
 * Four channels of ts_depthwise_conv_2d in plain C, for cores without vectors: included by ts_depthwise_conv_2d.c,
 * behind what all use. */
#ifndef TS_DEPTHWISE_CONV_2D_QUADS_H
#define TS_DEPTHWISE_CONV_2D_QUADS_H

#include "ts_depthwise_conv_2d.h"

/** Four channels at once, where output and input channels are the same: four sums stay in registers, and places in the
 * filter are found once for all. */
TS_NEST void convolve_quad(const ts_depthwise_conv_2d_t *p, const walk_t *walk, const int8_t *tap,
                           const ts_quad_t *quad, const int8_t *row, int8_t *output) {
    const int32_t offset = p->input_offset;
    const int32_t step = walk->step;
    int32_t sum0 = 0;
    int32_t sum1 = 0;
    int32_t sum2 = 0;
    int32_t sum3 = 0;
    for (int32_t y = walk->rows; y > 0; --y, row += walk->input_step, tap += walk->weights_jump) {
        const int8_t *input = row;
        for (int32_t x = walk->columns; x > 0; --x, input += step, tap += 4) {
            sum0 += (input[0] + offset) * tap[0];
            sum1 += (input[1] + offset) * tap[1];
            sum2 += (input[2] + offset) * tap[2];
            sum3 += (input[3] + offset) * tap[3];
        }
    }
    const int32_t sums[4] = {sum0, sum1, sum2, sum3};
    for (int32_t lane = 0; lane < 4; ++lane) {
        output[lane] = is_small(p) ? (int8_t)small_output(sums[lane], quad->bias_and_right[lane],
                                                          quad->multiplier[lane], walk->rounding)
                                   : any_output(p, quad, lane, sums[lane]);
    }
}

#endif
