#include "ts_fully_connected_i16.h"

void ts_fully_connected_i16(const ts_fully_connected_i16_t *params, const int16_t *input, int16_t *output) {
    const ts_channels_i16_t channels = params->channels;
    for (int32_t row = 0; row < params->rows; ++row) {
        ts_channels_row_i16(&channels, input, output);
        input += channels.inputs;
        output += channels.outputs;
    }
}
