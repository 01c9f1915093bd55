#include "ts_add_i16.h"

#include "ts_scaled_i16.h"

#define EXTRA_BITS 15 /* of headroom for both operands */

static int16_t apply(const void *context, int32_t first, int32_t second) {
    const ts_scaled_operands_i16_t *c = (const ts_scaled_operands_i16_t *)context;
    const int32_t scaled_first = ts_scaled_first(&c->params, c->first[first], EXTRA_BITS);
    const int32_t scaled_second = ts_scaled_second(&c->params, c->second[second], EXTRA_BITS);
    return ts_to_output_i16(&c->params.output, scaled_first + scaled_second);
}

void ts_add_i16(const ts_add_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output) {
    const ts_scaled_operands_i16_t operands = {.params = *params, .first = first, .second = second};
    ts_broadcast_apply_i16(params->shape, apply, &operands, output);
}
