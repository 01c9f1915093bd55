#include "ts_mul.h"

#include "ts_requantize.h"

static int8_t apply(const void *context, int8_t first, int8_t second) {
    const ts_mul_t *p = (const ts_mul_t *)context;
    const int32_t product = (first + p->first_offset) * (second + p->second_offset);
    return ts_clamp(ts_requantize(product, p->multiplier, p->shift) + p->output_offset, p->output_min, p->output_max);
}

void ts_mul(const ts_mul_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    ts_broadcast_apply(&params->shape, apply, params, first, second, output);
}
