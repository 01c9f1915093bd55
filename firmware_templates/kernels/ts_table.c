#include "ts_table.h"

void ts_table(const ts_table_t *params, const int8_t *input, int8_t *output) {
    const int8_t *table = params->table;
    const int32_t first = params->first;
    const int32_t count = params->count;
    if (first == INT8_MIN) {
        for (int32_t i = 0; i < count; ++i) {
            output[i] = table[input[i] - INT8_MIN];
        }
        return;
    }
    for (int32_t i = 0; i < count; ++i) {
        output[i] = table[input[i] < first ? 0 : input[i] - first];
    }
}
