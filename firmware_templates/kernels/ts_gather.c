#include "ts_gather.h"

#include <string.h>

/* The nearest place on the axis: an index that was computed wrongly must not read other memory. */
static int32_t inside(int32_t index, int32_t extent) {
    if (index < 0) {
        return 0;
    }
    return index < extent ? index : extent - 1;
}

void ts_gather(const ts_gather_t *params, const int8_t *input, const int32_t *indices, int8_t *output) {
    const ts_gather_t *p = params;
    for (int32_t batch = 0; batch < p->batch; ++batch) {
        for (int32_t outer = 0; outer < p->outer; ++outer) {
            for (int32_t n = 0; n < p->count; ++n) {
                memcpy(output, input + inside(indices[n], p->extent) * p->inner, (size_t)p->inner);
                output += p->inner;
            }
            input += p->extent * p->inner;
        }
        indices += p->count;
    }
}
