#include "ts_fully_connected.h"

void ts_fully_connected(const ts_fully_connected_t *params, const int8_t *input, int8_t *output) {
    const ts_channels_t *channels = &params->channels;
    for (int32_t row = 0; row < params->rows; row += 2) {
        const int32_t pair = row + 1 < params->rows ? 1 : 0; /* an odd last row is computed twice */
        ts_channels(channels, input, pair * channels->inputs, output, pair * channels->outputs);
        input += (1 + pair) * channels->inputs;
        output += (1 + pair) * channels->outputs;
    }
}
