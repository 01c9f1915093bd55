#include "ts_add_constant.h"

void ts_add_constant(const ts_add_constant_t *params, const int8_t *input, int8_t *output) {
    const ts_full_output_t requantize = params->output;
    const int32_t factor = params->factor;
    for (int32_t row = params->rows; row > 0; --row) {
        const int32_t *addend = params->addends;
        for (const int32_t *end = addend + params->columns; addend < end; ++addend) {
            *output++ = ts_twice_to_full_output(&requantize, *input++ * factor + *addend);
        }
    }
}
