#include "ts_mul_i16.h"

#include "ts_broadcast_i16.h"
#include "ts_requantize_i16.h"

typedef struct {
    ts_output_t output;
    const int16_t *first;
    const int16_t *second;
} mul_operands_t;

/* Zero points are 0. */
static int16_t apply(const void *context, int32_t first, int32_t second) {
    const mul_operands_t *c = (const mul_operands_t *)context;
    return ts_to_output_i16(&c->output, c->first[first] * c->second[second]);
}

void ts_mul_i16(const ts_mul_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output) {
    const mul_operands_t operands = {.output = params->output, .first = first, .second = second};
    ts_broadcast_apply_i16(params->shape, apply, &operands, output);
}
