#include "ts_reduce_max.h"

#include <stddef.h>

static int32_t larger(int32_t first, int32_t second) {
    return first > second ? first : second;
}

static int32_t largest(int32_t so_far, const int8_t *values, int32_t step, int32_t count) {
    for (; count >= 4; count -= 4, values += 4 * step) {
        const int32_t of_two = larger(values[0], values[step]);
        so_far = larger(so_far, larger(of_two, larger(values[2 * step], values[3 * step])));
    }
    for (; count > 0; --count, values += step) {
        so_far = larger(so_far, *values);
    }
    return so_far;
}

static int8_t unchanged(const void *context, int32_t value) {
    (void)context;
    return (int8_t)value;
}

void ts_reduce_max(const ts_reduce_max_t *params, const int8_t *input, int8_t *output) {
    ts_reduce_apply(params->shape, largest, INT8_MIN, unchanged, NULL, input, output);
}
