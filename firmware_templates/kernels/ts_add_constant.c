#include "ts_add_constant.h"

#include "ts_common_scale_mve.h"

#ifdef TS_HAS_MVE
/* Four columns at a time, or `left` of them, of rows `step` bytes apart. */
TS_INLINE void add_columns(const ts_operands_t *p, const int8_t *constant, const int8_t *input, int8_t *output,
                           int32_t count, int32_t step, int32_t left) {
    const bool there = left >= 4;
    const mve_pred16_t lanes = there ? 0 : vctp32q((uint32_t)left);
    const int32x4_t constants = there ? vldrbq_s32(constant) : vldrbq_z_s32(constant, lanes);
    const int32x4_t scaled = ts_mve_scaled_operand(p, constants);
    const int32x4_t addend = vaddq_n_s32(vmulq_n_s32(scaled, p->scaled_sign), p->exact_offset);
    for (const int8_t *end = input + count; input < end; input += step, output += step) {
        const int32x4_t values = there ? vldrbq_s32(input) : vldrbq_z_s32(input, lanes);
        const int32x4_t sums = vmlaq_n_s32(addend, values, p->exact_factor);
        const int32x4_t result = ts_mve_twice_to_full_output(&p->output, sums);
        if (there) {
            vstrbq_s32(output, result);
        } else {
            vstrbq_p_s32(output, result, lanes);
        }
    }
}

void ts_add_constant(const ts_add_constant_t *params, const int8_t *input, int8_t *output) {
    const ts_operands_t p = ts_terms(&params->addends);
    const int32_t columns = params->columns;
    const int32_t count = params->count;
    int32_t column = 0;
    for (; column + 4 <= columns; column += 4) {
        add_columns(&p, params->constant + column, input + column, output + column, count - column, columns, 4);
    }
    if (column < columns) {
        add_columns(&p, params->constant + column, input + column, output + column, count - column, columns,
                    columns - column);
    }
}
#else
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
#endif
