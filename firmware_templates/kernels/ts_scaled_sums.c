#include "ts_scaled_sums.h"

#include "ts_requantize.h"

void ts_scaled_sums(const ts_scaled_sums_t *params, const int32_t *sums, int8_t *output) {
    const int32_t *scales = params->scales;
    for (int32_t i = 0; i < params->sums; ++i, scales += params->scales_step) {
        const int32_t sum = (int32_t)((uint32_t)sums[i] + (uint32_t)scales[0]);
        const int32_t scaled = ts_requantize(sum, scales[1], scales[2]);
        output[i] = ts_clamp(scaled + params->output_offset, params->output_min, params->output_max);
    }
}
