#include "board_offset.h"

#define ONE_Q10 1024

int16_t board_offset_remove(board_offset_t *offset, int32_t sample, int32_t gain, int32_t divisor) {
    if (!offset->started) {
        offset->started = true;
        offset->mean_q10 = (int64_t)sample * ONE_Q10;
    }
    const int32_t difference = sample - (int32_t)(offset->mean_q10 / ONE_Q10);
    const int32_t pcm = difference * gain / divisor;
    offset->mean_q10 += difference;
    if (pcm > INT16_MAX) {
        return INT16_MAX;
    }
    return pcm < INT16_MIN ? INT16_MIN : (int16_t)pcm;
}
