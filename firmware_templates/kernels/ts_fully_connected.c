#include "ts_fully_connected.h"

#include "ts_requantize.h"

/* sum of input * weights; the zero points are in the bias, but for an offset of the weights. */
static int32_t dot(const int8_t *input, const int8_t *weights, int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; ++i) {
        sum += input[i] * weights[i];
    }
    return sum;
}

static int32_t row_sum(const int8_t *input, int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; ++i) {
        sum += input[i];
    }
    return sum;
}

void ts_fully_connected(const ts_fully_connected_t *params, const int8_t *input, int8_t *output) {
    const ts_fully_connected_t *p = params;
    for (int32_t row = 0; row < p->rows; ++row, input += p->inputs) {
        const int32_t offset = p->weight_offset == 0 ? 0 : p->weight_offset * row_sum(input, p->inputs);
        const int8_t *weights = p->weights;
        for (int32_t n = 0; n < p->outputs; ++n, weights += p->inputs) {
            const int32_t sum = dot(input, weights, p->inputs) + offset + p->bias[n];
            const int32_t channel = n * p->multiplier_step;
            const int32_t scaled = ts_requantize(sum, p->multiplier[channel], p->shift[channel]);
            *output++ = ts_clamp(scaled + p->output_offset, p->output_min, p->output_max);
        }
    }
}
