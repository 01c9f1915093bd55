#include "ts_sum_i16.h"

#include "ts_requantize_i16.h"

/* All values along the reduced axes, modulo 2^32. */
static int32_t sum_of(const ts_reduce_t *shape, const int16_t *input) {
    uint32_t sum = 0u;
    for (int32_t m = 0; m < ts_reduce_turns(shape->reduced_extent, 0); ++m) {
        for (int32_t n = 0; n < ts_reduce_turns(shape->reduced_extent, TS_REDUCE_LOOPS / 2); ++n) {
            const int16_t *values = input + ts_reduce_start(shape->reduced_step, m, n);
            for (int32_t left = shape->reduced_extent[TS_REDUCE_INNER]; left > 0; --left) {
                const int32_t value = *values;
                sum += (uint32_t)value;
                values += shape->reduced_step[TS_REDUCE_INNER];
            }
        }
    }
    return (int32_t)sum;
}

/* Zero points are 0. */
void ts_sum_i16(const ts_sum_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_reduce_t *shape = params->shape;
    for (int32_t i = 0; i < ts_reduce_turns(shape->kept_extent, 0); ++i) {
        for (int32_t j = 0; j < ts_reduce_turns(shape->kept_extent, TS_REDUCE_LOOPS / 2); ++j) {
            for (int32_t k = 0; k < shape->kept_extent[TS_REDUCE_INNER]; ++k) {
                const int32_t first = ts_reduce_start(shape->kept_step, i, j) + k * shape->kept_step[TS_REDUCE_INNER];
                *output++ = ts_to_output_i16(&params->output, sum_of(shape, input + first));
            }
        }
    }
}
