#include "ts_weighted_sums.h"

#include "ts_dot.h"

void ts_weighted_sums(const ts_weighted_sums_t *params, const int8_t *input, const int8_t *weights, int32_t *sums) {
    const int32_t count = params->inputs;
    for (int32_t row = 0; row < params->rows; ++row, input += count) {
        int32_t together = 4;
        for (int32_t n = 0; n < params->sums; n += together, weights += together * count) {
            together = n + 4 <= params->sums ? 4 : 1; /* the last ones singly, each four times */
            int32_t products[4] = {0, 0, 0, 0};
            ts_plain_dot_1x4(input, weights, together == 4 ? count : 0, count, products);
            for (int32_t i = 0; i < together; ++i) {
                sums[n + i] += products[i];
            }
        }
    }
}
