#include "ts_logistic.h"

#include "ts_exponential.h"
#include "ts_fixed_point.h"
#include "ts_table.h"

#define INTEGER_BITS 4

/* LOGISTIC of so many steps above the zero point, Q0. */
static int32_t above_zero(const ts_logistic_t *p, int32_t steps) {
    const int32_t x = ts_doubling_high_mul((int32_t)((uint32_t)steps << p->left), p->multiplier);
    return x == 0 ? INT32_C(1) << 30 : ts_one_over_one_plus(ts_exp_on_negative(-x, INTEGER_BITS));
}

/* What becomes of an input so many steps above the zero point. */
static int8_t entry(const ts_logistic_t *p, int32_t steps, int32_t logistic) {
    const int32_t value = ts_saturate8((int32_t)(((uint32_t)logistic + (UINT32_C(1) << 22)) >> 23) - 128);
    return (int8_t)(p->product.multiplier != 0 ? ts_to_full_output(&p->product, steps * (value + 128)) : value);
}

/* By distance from the zero point, which LOGISTIC is symmetric around. */
TS_SELDOM static void compute(const ts_logistic_t *p, int8_t *table) {
    for (int32_t steps = 0; steps < 256; ++steps) {
        const int32_t logistic = steps < p->radius ? above_zero(p, steps) : INT32_MAX;
        const int32_t above = p->zero_point + steps;
        const int32_t below = p->zero_point - steps;
        if (above <= INT8_MAX) {
            table[above - INT8_MIN] = entry(p, steps, logistic);
        }
        if (below >= INT8_MIN && steps != 0) {
            table[below - INT8_MIN] = entry(p, -steps, INT32_MAX - logistic);
        }
    }
}

void ts_logistic(const ts_logistic_t *params, const int8_t *input, int8_t *output, int8_t *scratch) {
    const ts_table_t look_up = {params->count, INT8_MIN, scratch};
    compute(params, scratch);
    ts_table(&look_up, input, output);
}
