#include "ts_common_scale_sum.h"

static void apply(const void *params, const int8_t *first, int32_t first_step, const int8_t *second,
                  int32_t second_step, int8_t *output, int32_t count) {
    const ts_common_scale_t *p = (const ts_common_scale_t *)params;
    const int8_t *end = output + count;
    if (second_step == 0) {
        const int32_t b = ts_scaled_operand(p, *second);
        for (; output < end; ++output) {
            const int32_t a = ts_exact_operand(p, *first);
            first += first_step;
            *output = ts_twice_to_full_output(&p->output, a + b * p->scaled_sign);
        }
        return;
    }
    if (first_step == 0) {
        const int32_t a = ts_exact_operand(p, *first);
        for (; output < end; ++output) {
            const int32_t b = ts_scaled_operand(p, *second);
            ++second;
            *output = ts_twice_to_full_output(&p->output, a + b * p->scaled_sign);
        }
        return;
    }
    for (; output < end; ++output) {
        const int32_t a = ts_exact_operand(p, *first);
        const int32_t b = ts_scaled_operand(p, *second);
        ++first;
        ++second;
        *output = ts_twice_to_full_output(&p->output, a + b * p->scaled_sign);
    }
}

void ts_common_scale_sum(const ts_common_scale_sum_t *params, const int8_t *first, const int8_t *second,
                         int8_t *output) {
    const ts_common_scale_t p = *params;
    ts_broadcast_runs(&p.shape, apply, &p, first, second, output);
}
