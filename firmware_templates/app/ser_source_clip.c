/* The recording in flash, in real time. */
#include "ser_clip.h"
#include "ser_features_tables.h"
#include "ser_sound.h"
#include "ser_source.h"

#include <stddef.h>
#include <stdint.h>

#define TICKS_PER_SECOND 1000u

static volatile bool playing;
static volatile size_t played;

ser_status_t ser_source_start(void) {
    played = 0u;
    playing = true;
    return SER_OK;
}

/* The samples of a millisecond, on average. */
void ser_source_tick(void) {
    static uint32_t owed; /* thousandths of a sample */
    if (!playing) {
        return;
    }
    owed += SER_FEATURES_SAMPLE_RATE_HZ;
    const size_t left = SER_CLIP_SAMPLES - played;
    const size_t due = owed / TICKS_PER_SECOND;
    const size_t samples = due < left ? due : left;
    owed %= TICKS_PER_SECOND;
    ser_sound_write(ser_clip + played, samples);
    played += samples;
}

bool ser_source_at_end(void) {
    return played == SER_CLIP_SAMPLES;
}
