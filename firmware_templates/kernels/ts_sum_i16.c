#include "ts_sum_i16.h"

#include "ts_requantize_i16.h"

/* All values along the reduced axes, modulo 2^32. */
static int32_t sum_of(const ts_reduce_t *shape, const int16_t *input) {
    uint32_t sum = 0u;
    for (int32_t m = 0; m < shape->reduced_extent[0]; ++m) {
        for (int32_t n = 0; n < shape->reduced_extent[1]; ++n) {
            const int16_t *values = input + m * shape->reduced_step[0] + n * shape->reduced_step[1];
            for (int32_t left = shape->reduced_extent[2]; left > 0; --left) {
                const int32_t value = *values;
                sum += (uint32_t)value;
                values += shape->reduced_step[2];
            }
        }
    }
    return (int32_t)sum;
}

/* Zero points are 0. */
void ts_sum_i16(const ts_sum_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_reduce_t *shape = params->shape;
    for (int32_t i = 0; i < shape->kept_extent[0]; ++i) {
        for (int32_t j = 0; j < shape->kept_extent[1]; ++j) {
            for (int32_t k = 0; k < shape->kept_extent[2]; ++k) {
                const int32_t first = i * shape->kept_step[0] + j * shape->kept_step[1] + k * shape->kept_step[2];
                *output++ = ts_to_output_i16(&params->output, sum_of(shape, input + first));
            }
        }
    }
}
