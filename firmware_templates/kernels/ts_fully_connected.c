#include "ts_fully_connected.h"

void ts_fully_connected(const ts_fully_connected_t *params, const int8_t *input, int8_t *output, int8_t *scratch) {
    const ts_channels_t channels = params->channels;
    int32_t left = params->rows;
    for (; left >= 2; left -= 2) {
        ts_channels_2(&channels, input, channels.inputs, output, channels.outputs, (int16_t *)(void *)scratch);
        input += 2 * channels.inputs;
        output += 2 * channels.outputs;
    }
    if (left > 0) {
        ts_channels_1(&channels, input, output);
    }
}
