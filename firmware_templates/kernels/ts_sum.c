#include "ts_sum.h"

static int32_t add(int32_t sum, const int8_t *values, int32_t step, int32_t count) {
    for (; count >= 4; count -= 4, values += 4 * step) {
        sum += values[0] + values[step] + values[2 * step] + values[3 * step];
    }
    for (; count > 0; --count, values += step) {
        sum += *values;
    }
    return sum;
}

static int8_t to_output(const void *context, int32_t sum) {
    const ts_sum_t *params = (const ts_sum_t *)context;
    return ts_to_output(&params->output, sum + params->sum_offset);
}

void ts_sum(const ts_sum_t *params, const int8_t *input, int8_t *output) {
    ts_reduce_apply(params->shape, add, 0, to_output, params, input, output);
}
