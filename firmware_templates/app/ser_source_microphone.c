/* The board's microphone. */
#include "board_microphone.h"
#include "ser_features_tables.h"
#include "ser_sound.h"
#include "ser_source.h"

/* From the microphone's interrupt. */
static void hear(const int16_t *pcm, size_t samples, size_t lost) {
    ser_sound_lose(lost);
    ser_sound_write(pcm, samples);
}

ser_status_t ser_source_start(void) {
    return board_microphone_start(SER_FEATURES_SAMPLE_RATE_HZ, hear) ? SER_OK : SER_ERROR_NOT_READY;
}

void ser_source_tick(void) {
}

bool ser_source_at_end(void) {
    return false;
}
