#include "ts_softmax_i16.h"

#include "ts_fixed_point.h"

/* The curve at a place from -32768 to 32767, 128 to a step of the table; places beyond are those ends. */
static int32_t interpolate(const int16_t *table, int32_t place) {
    place = place < INT16_MIN ? INT16_MIN : place > INT16_MAX ? INT16_MAX : place;
    const int16_t *at = table + 256 + (place >> 7);
    return at[0] + (((at[1] - at[0]) * (place & 127) + 64) >> 7);
}

static int32_t maximum(const int16_t *row, int32_t columns) {
    int32_t largest = row[0];
    for (int32_t i = 1; i < columns; ++i) {
        largest = row[i] > largest ? row[i] : largest;
    }
    return largest;
}

/* 1 / sum in Q0.15 of the fraction that is left once the sum, Q16.15, is scaled to between 1 and 2. */
static int32_t reciprocal(const int16_t *table, int32_t sum, int32_t headroom) {
    const uint32_t scaled = (uint32_t)sum << (headroom - 1);
    const int32_t between_one_and_two = (int32_t)((scaled + (UINT32_C(1) << 13)) >> 14); /* Q1.16 */
    return interpolate(table, between_one_and_two - (INT32_C(1) << 16) - (INT32_C(1) << 15));
}

void ts_softmax_i16(const ts_softmax_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_softmax_i16_t p = *params;
    for (int32_t row = 0; row < p.rows; ++row, input += p.columns, output += p.columns) {
        const int32_t largest = maximum(input, p.columns);
        int32_t sum = 0;
        for (int32_t i = 0; i < p.columns; ++i) {
            const int32_t scaled = ts_requantize(input[i] - largest, p.multiplier, p.shift);
            output[i] = (int16_t)interpolate(p.exp, scaled + INT16_MAX);
            sum += output[i];
        }
        const int32_t headroom = ts_leading_zeros((uint32_t)sum);
        const int32_t scale = reciprocal(p.reciprocal, sum, headroom);
        const int32_t right = 31 - headroom;
        const int32_t half = INT32_C(1) << (right - 1);
        for (int32_t i = 0; i < p.columns; ++i) {
            const int32_t value = (output[i] * scale + half) >> right;
            output[i] = (int16_t)(value > INT16_MAX ? INT16_MAX : value);
        }
    }
}
