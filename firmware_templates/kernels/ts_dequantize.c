#include "ts_dequantize.h"

void ts_dequantize(const ts_dequantize_t *params, const int8_t *input, float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = params->scale * (float)(input[i] - params->zero_point);
    }
}
