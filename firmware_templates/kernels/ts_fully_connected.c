#include "ts_fully_connected.h"

void ts_fully_connected(const ts_fully_connected_t *params, const int8_t *input, int8_t *output) {
    const ts_channels_t *channels = &params->channels;
    for (int32_t row = 0; row < params->rows; row += 2) {
        const int32_t next = row + 1 < params->rows ? row + 1 : row; /* an odd last row is computed twice */
        ts_channels(channels, input + row * channels->inputs, input + next * channels->inputs,
                    output + row * channels->outputs, output + next * channels->outputs);
    }
}
