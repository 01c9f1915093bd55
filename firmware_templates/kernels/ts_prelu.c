#include "ts_prelu.h"

typedef struct {
    int32_t input_offset;
    int32_t alpha_offset;
    ts_output_t positive;
    ts_output_t negative;
} rectifier_t;

static int8_t apply(const void *context, int8_t input, int8_t alpha) {
    const rectifier_t *r = (const rectifier_t *)context;
    const int32_t x = input + r->input_offset;
    return x >= 0 ? ts_to_output(&r->positive, x) : ts_to_output(&r->negative, x * (alpha + r->alpha_offset));
}

void ts_prelu(const ts_prelu_t *params, const int8_t *input, const int8_t *alpha, int8_t *output) {
    const rectifier_t rectifier = {params->input_offset, params->alpha_offset, params->positive, params->negative};
    ts_broadcast_apply(params->shape, apply, &rectifier, input, alpha, output);
}
