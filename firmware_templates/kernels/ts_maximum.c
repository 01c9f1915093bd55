#include "ts_maximum.h"

#include <stddef.h>

static int8_t apply(const void *context, int8_t first, int8_t second) {
    (void)context;
    return first > second ? first : second;
}

void ts_maximum(const ts_maximum_t *params, const int8_t *first, const int8_t *second, int8_t *output) {
    ts_broadcast_apply(params->shape, apply, NULL, first, second, output);
}
