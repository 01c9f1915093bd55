#include "ts_mean.h"

#include "ts_requantize.h"

static int32_t sum(const ts_mean_t *p, const int8_t *input) {
    int32_t total = 0;
    for (int32_t i = 0; i < p->reduced_extent[0]; ++i) {
        for (int32_t j = 0; j < p->reduced_extent[1]; ++j) {
            const int8_t *run = input + i * p->reduced_step[0] + j * p->reduced_step[1];
            for (int32_t k = 0; k < p->reduced_extent[2]; ++k) {
                total += *run;
                run += p->reduced_step[2];
            }
        }
    }
    return total;
}

void ts_mean(const ts_mean_t *params, const int8_t *input, int8_t *output) {
    const ts_mean_t *p = params;
    for (int32_t i = 0; i < p->kept_extent[0]; ++i) {
        for (int32_t j = 0; j < p->kept_extent[1]; ++j) {
            for (int32_t k = 0; k < p->kept_extent[2]; ++k) {
                const int32_t start = i * p->kept_step[0] + j * p->kept_step[1] + k * p->kept_step[2];
                const int32_t shifted = sum(p, input + start) + p->sum_offset;
                *output++ = ts_clamp(ts_requantize(shifted, p->multiplier, p->shift) + p->output_offset, -128, 127);
            }
        }
    }
}
