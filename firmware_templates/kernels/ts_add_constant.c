#include "ts_add_constant.h"

void ts_add_constant(const ts_add_constant_t *params, const int8_t *input, int8_t *output) {
    const ts_operands_t p = ts_terms(&params->addends);
    const int32_t columns = params->columns;
    const int32_t count = params->count;
    for (int32_t column = 0; column < columns; ++column) {
        const int32_t scaled = ts_scaled_operand(&p, params->constant[column]);
        const int32_t addend = scaled * p.scaled_sign + p.exact_offset;
        for (int32_t i = column; i < count; i += columns) {
            output[i] = ts_twice_to_full_output(&p.output, input[i] * p.exact_factor + addend);
        }
    }
}
