#include "ts_product.h"

#include "ts_broadcast_mve.h"
#include "ts_product_needs.h"

#ifdef TS_HAS_MVE
#define WALK ts_mve_broadcast

static int32x4_t first_operand(const void *params, int32x4_t values) {
    return vaddq_n_s32(values, ((const ts_product_t *)params)->first_offset);
}

static int32x4_t second_operand(const void *params, int32x4_t values) {
    return vaddq_n_s32(values, ((const ts_product_t *)params)->second_offset);
}

static int32x4_t join(const void *params, int32x4_t first, int32x4_t second) {
    return ts_mve_to_full_output(&((const ts_product_t *)params)->output, vmulq_s32(first, second));
}
#else
#define WALK ts_broadcast_operands

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
#endif

void ts_product(const ts_product_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    const ts_product_t p = *params;
    const ts_walks_t walks = {TS_PRODUCT_SECOND_REPEATS, TS_PRODUCT_FIRST_REPEATS, TS_PRODUCT_NONE_REPEATS};
    WALK(p.shape, walks, first_operand, second_operand, join, &p, first, second, output);
}
