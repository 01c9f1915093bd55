#include "ts_resize_bilinear.h"

#include "ts_requantize.h"

#define TS_RESIZE_BITS 10
#define ONE (INT32_C(1) << TS_RESIZE_BITS)

/* The input positions on both sides of an output position, and their weights, which add up to ONE. */
typedef struct {
    int32_t lower;
    int32_t upper;
    int32_t lower_weight;
    int32_t upper_weight;
} neighbours_t;

static neighbours_t neighbours(const ts_resize_axis_t *axis, int32_t position) {
    const int32_t at = position * axis->scale + axis->offset; /* half a pixel below 0 at most */
    neighbours_t n;
    n.lower = at > 0 ? at >> TS_RESIZE_BITS : 0;
    n.upper = (at + ONE - 1) >> TS_RESIZE_BITS;
    n.upper = n.upper < axis->input_size ? n.upper : axis->input_size - 1;
    n.upper_weight = at - n.lower * ONE;
    n.lower_weight = ONE - n.upper_weight;
    return n;
}

/* All channels of one output position, between two columns of an upper and a lower row. */
static void interpolate(const int8_t *const rows[2], const neighbours_t *y, const neighbours_t *x, int32_t channels,
                        int8_t *output) {
    const int32_t weights[4] = {y->lower_weight * x->lower_weight, y->lower_weight * x->upper_weight,
                                y->upper_weight * x->lower_weight, y->upper_weight * x->upper_weight};
    const int8_t *a = rows[0] + x->lower * channels;
    const int8_t *b = rows[0] + x->upper * channels;
    const int8_t *c = rows[1] + x->lower * channels;
    const int8_t *d = rows[1] + x->upper * channels;
    for (int32_t n = 0; n < channels; ++n) {
        const int32_t sum = a[n] * weights[0] + b[n] * weights[1] + c[n] * weights[2] + d[n] * weights[3];
        output[n] = (int8_t)ts_rounding_shift_right(sum, 2 * TS_RESIZE_BITS);
    }
}

void ts_resize_bilinear(const ts_resize_bilinear_t *params, const int8_t *input, int8_t *output) {
    const ts_resize_bilinear_t p = *params;
    const int32_t row_bytes = p.columns.input_size * p.channels;
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t i = 0; i < p.rows.output_size; ++i) {
            const neighbours_t y = neighbours(&p.rows, i);
            const int8_t *const rows[2] = {input + y.lower * row_bytes, input + y.upper * row_bytes};
            for (int32_t j = 0; j < p.columns.output_size; ++j) {
                const neighbours_t x = neighbours(&p.columns, j);
                interpolate(rows, &y, &x, p.channels, output);
                output += p.channels;
            }
        }
        input += p.rows.input_size * row_bytes;
    }
}
