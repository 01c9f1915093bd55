#include "ts_sub.h"

#define EXTRA_BITS 20 /* of headroom for both operands */

static int8_t apply(const void *context, int8_t first, int8_t second) {
    const ts_scaled_t *p = (const ts_scaled_t *)context;
    return ts_small_to_output(&p->output,
                              ts_scaled_first(p, first, EXTRA_BITS) - ts_scaled_second(p, second, EXTRA_BITS));
}

void ts_sub(const ts_sub_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    const ts_scaled_t p = *params;
    ts_broadcast_apply(p.shape, apply, &p, first, second, output);
}
