#include "ts_softmax.h"

#include "ts_fixed_point.h"

/* scale * exp in Q0, rounded, to steps of 1/256, rounded again; nothing is negative. */
static inline int32_t posterior(int32_t scale, int32_t exp, int32_t exponent) {
    const uint32_t product = (uint32_t)(((uint64_t)(uint32_t)scale * (uint32_t)exp + (UINT32_C(1) << 30)) >> 31);
    return (int32_t)((product + (UINT32_C(1) << (exponent - 1))) >> exponent);
}

void ts_softmax(const ts_softmax_t *params, const int8_t *input, int8_t *output, void *scratch) {
    const int32_t columns = params->columns;
    int32_t *exp = (int32_t *)scratch;
    for (int32_t row = 0; row < params->rows; ++row, input += columns, output += columns) {
        const int32_t largest = ts_row_maximum(input, columns);
        const int32_t sum = ts_sum_of_exponentials(params, input, largest, exp);
        const int32_t headroom = ts_leading_zeros((uint32_t)sum);
        const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
        const int32_t scale = ts_one_over_one_plus(fraction);
        const int32_t exponent = TS_EXP_SUM_BITS - headroom + 31 - 8;
        int32_t i = 0;
#ifdef TS_HAS_AVX2
        for (; exponent < 32 && columns - i >= 8; i += 8) {
            const __m256i differences = ts_avx2_differences(input + i, largest);
            const int64_t bytes = ts_avx2_posteriors(_mm256_i32gather_epi32(exp, differences, 4), scale, exponent);
            memcpy(output + i, &bytes, 8);
        }
#endif
        for (; i < columns; ++i) {
            /* Where the sum reaches 512, every posterior is below half a step (and TFLM stops). */
            const int32_t value = exponent < 32 ? posterior(scale, exp[largest - input[i]], exponent) : 0;
            output[i] = (int8_t)ts_saturate8(value - 128);
        }
    }
}
