#include "ts_column_sums.h"

void ts_column_sums(const ts_column_sums_t *params, const int8_t *input, int32_t *sums) {
    for (int32_t column = 0; column < params->columns; ++column) {
        const int8_t *value = input + column;
        int32_t sum = sums[column];
        for (int32_t row = 0; row < params->rows; ++row, value += params->columns) {
            sum += *value;
        }
        sums[column] = sum;
    }
}
