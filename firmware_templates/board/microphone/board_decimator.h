/** @file
 * The last step from a sigma-delta stream to PCM: 64 kHz to 16 kHz, as the rates are mostly, with a filter that also
 * levels the droop of the sinc filter of fourth order before it. */
#ifndef BOARD_DECIMATOR_H
#define BOARD_DECIMATOR_H

#include <stddef.h>
#include <stdint.h>

#define BOARD_DECIMATOR_TAPS 111u /**< of the filter */
#define BOARD_DECIMATOR_RATIO 4u  /**< samples that are taken for each that is given */
#define BOARD_DECIMATOR_GAIN 16   /**< so that quiet sounds keep their last bits */

/** Newest samples in a ring; all zero at the start. */
typedef struct {
    int32_t ring[BOARD_DECIMATOR_TAPS]; /**< samples */
    size_t next;                        /**< index of the oldest one, which goes first */
} board_decimator_t;

/** Takes a sample of the faster rate.
 * @param decimator the state
 * @param sample below 2^21 in size, where the filter's result is below 2^26 */
void board_decimator_take(board_decimator_t *decimator, int32_t sample);

/** The filtered sample, due after every fourth that was taken.
 * @param decimator the state
 * @return the sample times BOARD_DECIMATOR_GAIN where samples do not change; up to twice that where they do */
int32_t board_decimator_sample(const board_decimator_t *decimator);

#endif
