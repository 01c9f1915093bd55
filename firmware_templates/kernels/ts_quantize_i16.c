#include "ts_quantize_i16.h"

#include "ts_requantize_i16.h"

void ts_quantize_i16(const ts_quantize_i16_t *params, const void *input, void *output) {
    const ts_quantize_i16_t p = *params;
    for (int32_t i = 0; i < p.count; ++i) {
        const int32_t q = p.input_bytes == 1 ? ((const int8_t *)input)[i] : ((const int16_t *)input)[i];
        const int16_t scaled = ts_to_output_i16(&p.output, q + p.input_offset);
        if (p.output_bytes == 1) {
            ((int8_t *)output)[i] = (int8_t)scaled;
        } else {
            ((int16_t *)output)[i] = scaled;
        }
    }
}
