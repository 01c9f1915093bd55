#include "ts_squared_difference_i16.h"

#include "ts_scaled_i16.h"

#define EXTRA_BITS 0 /* so that the square still fits 32 bits */

static int16_t apply(const void *context, int32_t first, int32_t second) {
    const ts_scaled_operands_i16_t *c = (const ts_scaled_operands_i16_t *)context;
    const int32_t difference = ts_scaled_first(&c->params, c->first[first], EXTRA_BITS) -
                               ts_scaled_second(&c->params, c->second[second], EXTRA_BITS);
    return ts_to_output_i16(&c->params.output, difference * difference);
}

void ts_squared_difference_i16(const ts_squared_difference_i16_t *params, const int16_t *first, const int16_t *second,
                               int16_t *output) {
    const ts_scaled_operands_i16_t operands = {.params = *params, .first = first, .second = second};
    ts_broadcast_apply_i16(params->shape, apply, &operands, output);
}
