#include "ts_add.h"

#include "ts_requantize.h"

#define EXTRA_BITS 20 /* both operands are scaled with this much headroom */

static int8_t apply(const void *context, int8_t first, int8_t second) {
    const ts_add_t *p = (const ts_add_t *)context;
    const int32_t a = (first + p->first_offset) * (INT32_C(1) << EXTRA_BITS);
    const int32_t b = (second + p->second_offset) * (INT32_C(1) << EXTRA_BITS);
    const int32_t result =
        ts_requantize(a, p->first_multiplier, p->first_shift) + ts_requantize(b, p->second_multiplier, p->second_shift);
    return ts_clamp(ts_requantize(result, p->output_multiplier, p->output_shift) + p->output_offset, p->output_min,
                    p->output_max);
}

void ts_add(const ts_add_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    ts_broadcast_apply(&params->shape, apply, params, first, second, output);
}
