#include "ts_dequantize_i16.h"

void ts_dequantize_i16(const ts_dequantize_i16_t *params, const int16_t *input, float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = params->scale * (float)input[i];
    }
}
