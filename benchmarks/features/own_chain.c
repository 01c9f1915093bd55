/* Instructions of the generated front end for one frame of noise, and for a hop pushed into a stream. */
#include "counted.h"
#include "ser_features.h"
#include "ser_mel.h"
#include "ser_spectrum.h"

static ser_features_t features;
static ser_row_value_t ring[SER_FEATURES_RING_VALUES];
static bool frame_ready;

static void take_spectrum(const int16_t *pcm) {
    ser_spectrum(&features.mel, pcm);
}

static void take_log_mel(const int16_t *pcm) {
    ser_mel_frame(&features.mel, pcm, features.values);
}

static void take_hop(const int16_t *pcm) {
    size_t consumed = 0u;
    (void)ser_features_push(&features, pcm, SER_FEATURES_HOP_LENGTH, &consumed, &frame_ready);
}

int main(void) {
    static int16_t pcm[SER_FEATURES_WINDOW_LENGTH];
    static void (*const parts[])(const int16_t *) = {take_spectrum, take_log_mel, take_hop};
    size_t consumed = 0u;
    fill_with_noise(pcm, SER_FEATURES_WINDOW_LENGTH);
    (void)ser_features_reset(&features, ring);
    (void)ser_features_push(&features, pcm, SER_FEATURES_WINDOW_LENGTH, &consumed, &frame_ready);
    const bool written = count_parts(parts, sizeof parts / sizeof parts[0], pcm);
    board_exit(written && frame_ready ? 0 : 1);
}
