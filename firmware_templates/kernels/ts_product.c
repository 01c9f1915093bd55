#include "ts_product.h"

#include "ts_product_needs.h"

static int32_t first_operand(const void *params, int8_t value) {
    const ts_product_t *p = (const ts_product_t *)params;
    return value + p->first_offset;
}

static int32_t second_operand(const void *params, int8_t value) {
    const ts_product_t *p = (const ts_product_t *)params;
    return value + p->second_offset;
}

static int8_t join(const void *params, int32_t first, int32_t second) {
    const ts_product_t *p = (const ts_product_t *)params;
    return ts_to_full_output(&p->output, first * second);
}

void ts_product(const ts_product_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    const ts_product_t p = *params;
    const ts_walks_t walks = {TS_PRODUCT_SECOND_REPEATS, TS_PRODUCT_FIRST_REPEATS, TS_PRODUCT_NONE_REPEATS};
    ts_broadcast_operands(p.shape, walks, first_operand, second_operand, join, &p, first, second, output);
}
