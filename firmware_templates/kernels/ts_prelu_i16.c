#include "ts_prelu_i16.h"

#include "ts_broadcast_i16.h"
#include "ts_requantize_i16.h"

typedef struct {
    ts_prelu_t params;
    const int16_t *input;
    const int8_t *alpha;
} prelu_operands_t;

/* The input's zero point is 0. */
static int16_t apply(const void *context, int32_t first, int32_t second) {
    const prelu_operands_t *c = (const prelu_operands_t *)context;
    const int32_t x = c->input[first];
    const int32_t slope = c->alpha[second] + c->params.alpha_offset;
    return x >= 0 ? ts_to_output_i16(&c->params.positive, x) : ts_to_output_i16(&c->params.negative, x * slope);
}

void ts_prelu_i16(const ts_prelu_i16_t *params, const int16_t *input, const int8_t *alpha, int16_t *output) {
    const prelu_operands_t operands = {.params = *params, .input = input, .alpha = alpha};
    ts_broadcast_apply_i16(params->shape, apply, &operands, output);
}
