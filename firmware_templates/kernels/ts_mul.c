#include "ts_mul.h"

typedef struct {
    int32_t first_offset;
    int32_t second_offset;
    ts_output_t output;
} product_t;

static int8_t apply(const void *context, int8_t first, int8_t second) {
    const product_t *p = (const product_t *)context;
    return ts_small_to_output(&p->output, (first + p->first_offset) * (second + p->second_offset));
}

void ts_mul(const ts_mul_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    const product_t product = {params->first_offset, params->second_offset, params->output};
    ts_broadcast_apply(params->shape, apply, &product, first, second, output);
}
