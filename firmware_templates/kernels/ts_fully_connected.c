#include "ts_fully_connected.h"

void ts_fully_connected(const ts_fully_connected_t *params, const int8_t *input, int8_t *output, int8_t *scratch) {
    ts_channels(&params->channels, params->rows, input, output, params->channels.outputs, scratch);
}
