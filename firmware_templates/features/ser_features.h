/* Log-mel features in float32, streaming: 16 kHz mono PCM in, int8 frames as the model takes them out.
 *
 * Only basic float arithmetic is used and no library function, so that the same bytes come out of a desktop and of a
 * microcontroller, with or without a floating-point unit. */
#ifndef SER_FEATURES_H
#define SER_FEATURES_H

#include "ser_features_tables.h"
#include "ser_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int16_t samples[SER_FEATURES_WINDOW_LENGTH]; /* the newest `filled` samples */
    size_t filled;
    float work[SER_FEATURES_FFT_SIZE + 2]; /* spectrum, then power at the even places */
    int8_t frame[SER_FEATURES_MEL_BINS];   /* the newest frame, quantized */
} ser_features_t;

/* Before each clip. */
void ser_features_reset(ser_features_t *features);

/* Takes samples up to the end of the next frame. `consumed` is how many were taken; `frame_ready` tells whether
 * `features->frame` now holds a new frame. How audio is cut into chunks never changes a frame. */
ser_status_t ser_features_push(ser_features_t *features, const int16_t *pcm, size_t samples, size_t *consumed,
                               bool *frame_ready);

#endif
