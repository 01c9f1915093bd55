#include "ts_maximum_i16.h"

#include "ts_broadcast_i16.h"

typedef struct {
    const int16_t *first;
    const int16_t *second;
} maximum_operands_t;

static int16_t apply(const void *context, int32_t first, int32_t second) {
    const maximum_operands_t *c = (const maximum_operands_t *)context;
    const int16_t a = c->first[first];
    const int16_t b = c->second[second];
    return a > b ? a : b;
}

void ts_maximum_i16(const ts_maximum_i16_t *params, const int16_t *first, const int16_t *second, int16_t *output) {
    const maximum_operands_t operands = {first, second};
    ts_broadcast_apply_i16(params->shape, apply, &operands, output);
}
