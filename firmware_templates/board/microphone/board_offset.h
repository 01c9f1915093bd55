/** @file
 * Samples of a converter, with an offset that drifts, to PCM without one: a high-pass of the first order. */
#ifndef BOARD_OFFSET_H
#define BOARD_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

/** The offset: a running mean over 1024 samples; all zero at the start. */
typedef struct {
    bool started;     /**< whether there was a sample */
    int64_t mean_q10; /**< times 1024 */
} board_offset_t;

/** A sample without the offset. The first sample is taken for the offset, so that nothing has to settle.
 * @param offset the state
 * @param sample below 2^24 in size
 * @param gain what the difference is multiplied by, from 1 to 64
 * @param divisor what it is divided by then
 * @return the sample, saturated to 16 bits */
int16_t board_offset_remove(board_offset_t *offset, int32_t sample, int32_t gain, int32_t divisor);

#endif
