#include "ts_squared_difference.h"

#define EXTRA_BITS 7 /* so that the square still fits 32 bits */

static int8_t apply(const void *context, int8_t first, int8_t second) {
    const ts_scaled_t *p = (const ts_scaled_t *)context;
    const int32_t difference = ts_scaled_first(p, first, EXTRA_BITS) - ts_scaled_second(p, second, EXTRA_BITS);
    return ts_to_output(&p->output, difference * difference);
}

void ts_squared_difference(const ts_squared_difference_t *params, const int8_t *first, const int8_t *second,
                           int8_t *output) {
    const ts_scaled_t p = *params;
    ts_broadcast_apply(p.shape, apply, &p, first, second, output);
}
