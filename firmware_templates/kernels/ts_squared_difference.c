#include "ts_squared_difference.h"

#define EXTRA_BITS 7 /* so that the square still fits 32 bits */

static int8_t apply(const void *context, int8_t first, int8_t second) {
    const ts_scaled_tables_t *t = (const ts_scaled_tables_t *)context;
    const int32_t difference = t->first[first] - t->second[second];
    return ts_to_output(&t->output, difference * difference);
}

void ts_squared_difference(const ts_squared_difference_t *params, const int8_t *first, const int8_t *second,
                           int8_t *output, int8_t *scratch) {
    const ts_scaled_tables_t tables = ts_scaled_tables(params, EXTRA_BITS, (int32_t *)(void *)scratch);
    ts_broadcast_apply(&params->shape, apply, &tables, first, second, output);
}
