#include "ts_add.h"

#define EXTRA_BITS 20 /* of headroom for both operands */

static int8_t apply(const void *context, int8_t first, int8_t second) {
    const ts_scaled_tables_t *t = (const ts_scaled_tables_t *)context;
    return ts_to_output(&t->output, t->first[first] + t->second[second]);
}

void ts_add(const ts_add_t *params, const int8_t *first, const int8_t *second, int8_t *output, int8_t *scratch) {
    const ts_scaled_tables_t tables = ts_scaled_tables(params, EXTRA_BITS, (int32_t *)(void *)scratch);
    ts_broadcast_apply(&params->shape, apply, &tables, first, second, output);
}
