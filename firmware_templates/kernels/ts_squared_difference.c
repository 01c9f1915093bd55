#include "ts_squared_difference.h"

#include "ts_requantize.h"

#define EXTRA_BITS 7 /* the square of the scaled difference still fits 32 bits */

static int8_t apply(const void *context, int8_t first, int8_t second) {
    const ts_squared_difference_t *p = (const ts_squared_difference_t *)context;
    const int32_t a = (first + p->first_offset) * (INT32_C(1) << EXTRA_BITS);
    const int32_t b = (second + p->second_offset) * (INT32_C(1) << EXTRA_BITS);
    const int32_t difference =
        ts_requantize(a, p->first_multiplier, p->first_shift) - ts_requantize(b, p->second_multiplier, p->second_shift);
    const int32_t result = ts_requantize(difference * difference, p->output_multiplier, p->output_shift);
    return ts_clamp(result + p->output_offset, p->output_min, p->output_max);
}

void ts_squared_difference(const ts_squared_difference_t *params, const int8_t *first, const int8_t *second,
                           int8_t *output) {
    ts_broadcast_apply(&params->shape, apply, params, first, second, output);
}
