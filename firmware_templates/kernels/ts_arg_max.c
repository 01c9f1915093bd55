#include "ts_arg_max.h"

static int32_t first_largest(const int8_t *values, int32_t extent, int32_t step) {
    int32_t largest = *values;
    int32_t where = 0;
    for (int32_t i = 1; i < extent; ++i) {
        values += step;
        if (*values > largest) {
            largest = *values;
            where = i;
        }
    }
    return where;
}

void ts_arg_max(const ts_arg_max_t *params, const int8_t *input, int32_t *output) {
    for (int32_t row = 0; row < params->outer; ++row) {
        for (int32_t i = 0; i < params->inner; ++i) {
            *output++ = first_largest(input + i, params->extent, params->inner);
        }
        input += params->extent * params->inner;
    }
}
