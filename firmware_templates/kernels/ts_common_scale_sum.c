#include "ts_common_scale_sum.h"

#include "ts_common_scale_mve.h"
#include "ts_common_scale_sum_needs.h"

#ifdef TS_HAS_MVE
#define WALK ts_mve_broadcast
#define EXACT ts_mve_exact_operand
#define SCALED ts_mve_scaled_operand

static int32x4_t join(const void *params, int32x4_t first, int32x4_t second) {
    const ts_operands_t *p = (const ts_operands_t *)params;
    return ts_mve_twice_to_full_output(&p->output, vmlaq_n_s32(first, second, p->scaled_sign));
}
#else
#define WALK ts_broadcast_operands
#define EXACT ts_exact_operand
#define SCALED ts_scaled_operand

static int8_t join(const void *params, int32_t first, int32_t second) {
    const ts_operands_t *p = (const ts_operands_t *)params;
    return ts_twice_to_full_output(&p->output, first + second * p->scaled_sign);
}
#endif

void ts_common_scale_sum(const ts_common_scale_sum_t *params, const int8_t *first, const int8_t *second,
                         int8_t *output) {
    const ts_operands_t p = ts_terms(&params->addends);
    const ts_walks_t walks = {TS_COMMON_SCALE_SUM_SECOND_REPEATS, TS_COMMON_SCALE_SUM_FIRST_REPEATS,
                              TS_COMMON_SCALE_SUM_NONE_REPEATS};
    WALK(params->shape, walks, EXACT, SCALED, join, &p, first, second, output);
}
