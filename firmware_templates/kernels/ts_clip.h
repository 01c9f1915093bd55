/** @file
 * Filters at the edges of their input: the taps along one axis that lie within it. */
#ifndef TS_CLIP_H
#define TS_CLIP_H

#include "ts_seldom.h"

#include <stdint.h>

/** Taps along one axis. */
typedef struct {
    int32_t first; /**< tap */
    int32_t taps;  /**< from it on; 0 where none lies within the input, and the first one means nothing */
} ts_clip_t;

/** Leaves of all taps those within the input.
 * @param clip the taps of the filter; on return, those within
 * @param position where tap 0 lies, possibly outside
 * @param dilation input positions from tap to tap
 * @param size input positions */
TS_SELDOM void ts_clip(ts_clip_t *clip, int32_t position, int32_t dilation, int32_t size);

#endif
