#include "ts_clip.h"

void ts_clip(ts_clip_t *clip, int32_t position, int32_t dilation, int32_t size) {
    int32_t taps = clip->taps;
    for (; position < 0 && taps > 0; position += dilation, --taps) {
        ++clip->first;
    }
    while (taps > 0 && position + (taps - 1) * dilation >= size) {
        --taps;
    }
    clip->taps = taps;
}
