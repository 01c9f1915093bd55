/** @file
 * A gate for silence: closed after SER_STREAM_GATE_FRAMES frames in a row whose new samples are quiet. */
#ifndef SER_GATE_H
#define SER_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What is remembered between frames. */
typedef struct {
    bool started;          /**< a sample was heard */
    int32_t offset_q10;    /**< the microphone's DC offset, a running mean of the samples */
    uint64_t energy;       /**< of the samples since the last frame, without the offset */
    uint32_t samples;      /**< of which energy is the sum of squares */
    uint32_t quiet_frames; /**< in a row, counted up to SER_STREAM_GATE_FRAMES */
} ser_gate_t;

/** Open, as at the start of a stream.
 * @param gate made new */
void ser_gate_reset(ser_gate_t *gate);

/** Hears samples; how they are cut into chunks does not matter.
 * @param gate brought up to date
 * @param pcm the samples
 * @param samples how many */
void ser_gate_hear(ser_gate_t *gate, const int16_t *pcm, size_t samples);

/** After the last sample of a frame: measures what was heard since the frame before.
 * @param gate brought up to date */
void ser_gate_end_frame(ser_gate_t *gate);

/** Whether it has been quiet for long.
 * @param gate as it is
 * @return true where nobody speaks */
bool ser_gate_is_closed(const ser_gate_t *gate);

#endif
