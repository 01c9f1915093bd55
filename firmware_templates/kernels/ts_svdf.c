#include "ts_svdf.h"

#include "ts_dot.h"

#include <string.h>

/* Writes an element of the state. As in TFLM, a value is limited before the zero point is added, and wraps after. */
static void store(const ts_svdf_t *p, void *state, int32_t index, int32_t sum) {
    const int32_t largest = p->state_bytes == 1 ? INT8_MAX : INT16_MAX;
    int32_t value = ts_requantize(sum, p->feature_multiplier, p->feature_shift);
    value = value < -largest - 1 ? -largest - 1 : value > largest ? largest : value;
    value += p->state_offset;
    if (p->state_bytes == 1) {
        ((int8_t *)state)[index] = (int8_t)value;
    } else {
        ((int16_t *)state)[index] = (int16_t)value;
    }
}

/* Each filter's product with the features, into the newest frame of its memory. */
static void filter_features(const ts_svdf_t *p, const int8_t *input, void *state) {
    int32_t together = 4;
    for (int32_t filter = 0; filter < p->filters; filter += together) {
        together = filter + 4 <= p->filters ? 4 : 1; /* the last ones singly, each four times */
        int32_t sums[4] = {0, 0, 0, 0};
        ts_plain_dot_1x4(input, p->feature_weights + filter * p->inputs, together == 4 ? p->inputs : 0, p->inputs,
                         sums);
        for (int32_t i = 0; i < together; ++i) {
            const int32_t newest = (filter + i + 1) * p->memory - 1;
            store(p, state, newest, sums[i] + p->feature_bias[filter + i]);
        }
    }
}

/* The sum of `count` products of int16, modulo 2^32. */
static int32_t dot_int16(const int16_t *left, const int16_t *right, int32_t count) {
    uint32_t sum = 0u;
#ifdef TS_HAS_SIMD
    for (; count >= 2; count -= 2, left += 2, right += 2) {
        int32_t a;
        int32_t b;
        memcpy(&a, left, sizeof a);
        memcpy(&b, right, sizeof b);
        sum = (uint32_t)ts_multiply_add(a, b, (int32_t)sum);
    }
#endif
    for (; count > 0; --count) {
        sum += (uint32_t)(*left++ * *right++);
    }
    return (int32_t)sum;
}

static int32_t dot_int8(const int8_t *left, const int8_t *right, int32_t count) {
    int32_t sum = 0;
#ifdef TS_HAS_SIMD
    for (; count >= 4; count -= 4, left += 4, right += 4) {
        const uint32_t a = ts_load4(left);
        const uint32_t b = ts_load4(right);
        sum = ts_multiply_add(ts_plain_even(a), ts_plain_even(b), sum);
        sum = ts_multiply_add(ts_plain_odd(a), ts_plain_odd(b), sum);
    }
#endif
    for (; count > 0; --count) {
        sum += *left++ * *right++;
    }
    return sum;
}

void ts_svdf(const ts_svdf_t *params, const int8_t *input, void *state, int8_t *output) {
    const ts_svdf_t *p = params;
    const int32_t taps = p->filters_per_unit * p->memory; /* of one output: its filters' memories lie side by side */
    const int32_t elements = p->filters * p->memory;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        int8_t *bytes = (int8_t *)state + batch * elements * p->state_bytes;
        /* One frame older; what moves into a filter's newest frame from its neighbour is written over. */
        memmove(bytes, bytes + p->state_bytes, (size_t)((elements - 1) * p->state_bytes));
        filter_features(p, input, bytes);
        for (int32_t first = 0; first < elements; first += taps) {
            int32_t sum = 0;
            if (p->state_bytes == 1) {
                sum = dot_int8(bytes + first, (const int8_t *)p->time_weights + first, taps);
            } else {
                sum = dot_int16((const int16_t *)state + batch * elements + first,
                                (const int16_t *)p->time_weights + first, taps);
            }
            const int32_t bias = p->bias[first / taps];
            *output++ = ts_to_output(&p->output, (int32_t)((uint32_t)sum + (uint32_t)bias));
        }
        input += p->inputs;
    }
}
