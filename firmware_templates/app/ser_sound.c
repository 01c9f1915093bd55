#include "ser_sound.h"

#include "ser_features_tables.h"

/* One stays empty, so that a full ring is not an empty one. */
#define RING_SAMPLES ((size_t)SER_FEATURES_SAMPLE_RATE_HZ * SER_SOUND_BUFFER_MS / 1000u + 1u)

/* Volatile in all parts: samples are there before the position behind them moves on. */
static volatile int16_t ring[RING_SAMPLES];
static volatile size_t write_at;
static volatile size_t read_at;
static volatile uint32_t lost;

static size_t after(size_t position) {
    return position + 1u < RING_SAMPLES ? position + 1u : 0u;
}

void ser_sound_reset(void) {
    write_at = 0u;
    read_at = 0u;
    lost = 0u;
}

void ser_sound_write(const int16_t *pcm, size_t samples) {
    size_t at = write_at;
    const size_t end = read_at;
    for (size_t i = 0; i < samples; ++i) {
        if (after(at) == end) {
            lost += (uint32_t)(samples - i);
            break;
        }
        ring[at] = pcm[i];
        at = after(at);
    }
    write_at = at;
}

void ser_sound_lose(size_t samples) {
    lost += (uint32_t)samples;
}

size_t ser_sound_read(int16_t *pcm, size_t most) {
    size_t count = 0u;
    size_t at = read_at;
    const size_t end = write_at;
    for (; count < most && at != end; ++count) {
        pcm[count] = ring[at];
        at = after(at);
    }
    read_at = at;
    return count;
}

uint32_t ser_sound_lost(void) {
    return lost;
}
