#include "ts_fill.h"

#include <string.h>

void ts_fill(const ts_fill_t *params, int8_t *output) {
    memset(output, params->value, (size_t)params->count);
}
