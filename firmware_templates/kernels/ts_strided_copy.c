#include "ts_strided_copy.h"

#include <string.h>

#define INNER (TS_COPY_LOOPS - 1)

static void copy_run(const ts_strided_copy_t *p, const int8_t *source, int8_t *target) {
    if (p->source_step[INNER] == 1 && p->target_step[INNER] == 1) {
        memcpy(target, source, (size_t)p->extent[INNER]);
        return;
    }
    for (int32_t n = 0; n < p->extent[INNER]; ++n) {
        target[n * p->target_step[INNER]] = source[n * p->source_step[INNER]];
    }
}

void ts_strided_copy(const ts_strided_copy_t *params, const void *input, void *output) {
    const ts_strided_copy_t *p = params;
    int32_t source = p->source_start;
    int32_t target = p->target_start;
    int32_t at[INNER] = {0};
    for (;;) {
        copy_run(p, (const int8_t *)input + source, (int8_t *)output + target);
        /* Count up the outer loops like an odometer. */
        int32_t loop = INNER - 1;
        for (; loop >= 0; --loop) {
            ++at[loop];
            if (at[loop] < p->extent[loop]) {
                break;
            }
            source -= (p->extent[loop] - 1) * p->source_step[loop];
            target -= (p->extent[loop] - 1) * p->target_step[loop];
            at[loop] = 0;
        }
        if (loop < 0) {
            return;
        }
        source += p->source_step[loop];
        target += p->target_step[loop];
    }
}
