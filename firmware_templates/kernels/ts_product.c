#include "ts_product.h"

static void apply(const void *params, const int8_t *first, int32_t first_step, const int8_t *second,
                  int32_t second_step, int8_t *output, int32_t count) {
    const ts_product_t *p = (const ts_product_t *)params;
    const int8_t *end = output + count;
    if (second_step == 0) {
        const int32_t b = *second + p->second_offset;
        for (; output < end; ++output) {
            const int32_t a = *first + p->first_offset;
            first += first_step;
            *output = ts_to_full_output(&p->output, a * b);
        }
        return;
    }
    if (first_step == 0) {
        const int32_t a = *first + p->first_offset;
        for (; output < end; ++output) {
            const int32_t b = *second + p->second_offset;
            ++second;
            *output = ts_to_full_output(&p->output, a * b);
        }
        return;
    }
    for (; output < end; ++output) {
        const int32_t a = *first + p->first_offset;
        const int32_t b = *second + p->second_offset;
        ++first;
        ++second;
        *output = ts_to_full_output(&p->output, a * b);
    }
}

void ts_product(const ts_product_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    const ts_product_t p = *params;
    ts_broadcast_runs(&p.shape, apply, &p, first, second, output);
}
