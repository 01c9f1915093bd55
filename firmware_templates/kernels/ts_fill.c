#include "ts_fill.h"

#include <string.h>

void ts_fill(const ts_fill_t *params, void *output) {
    memset(output, params->value, (size_t)params->count);
}
