#include "board_offset.h"

#define ONE_Q10 1024

int16_t board_offset_remove(board_offset_t *offset, int32_t sample, int32_t gain) {
    if (!offset->started) {
        offset->started = true;
        offset->mean_q10 = sample * ONE_Q10;
    }
    const int32_t difference = (sample - offset->mean_q10 / ONE_Q10) * gain;
    offset->mean_q10 += sample - offset->mean_q10 / ONE_Q10;
    if (difference > INT16_MAX) {
        return INT16_MAX;
    }
    return difference < INT16_MIN ? INT16_MIN : (int16_t)difference;
}
