/* Sound on its way from an interrupt to the application: a ring of samples, written by the one and read by the other.
 *
 * An inference takes longer than a hop; what is heard meanwhile waits here. Where the ring is full, samples are lost
 * and counted: the interrupt never waits. One writer and one reader, on one core. */
#ifndef SER_SOUND_H
#define SER_SOUND_H

#include <stddef.h>
#include <stdint.h>

/* Longer than the longest inference; a compiler flag may say otherwise. */
#ifndef SER_SOUND_BUFFER_MS
#define SER_SOUND_BUFFER_MS 250
#endif

/* Empties the ring; while no interrupt writes. */
void ser_sound_reset(void);

/* From the interrupt: adds samples, as many as there is room for. */
void ser_sound_write(const int16_t *pcm, size_t samples);

/* Takes up to `most` samples; returns how many there were. */
size_t ser_sound_read(int16_t *pcm, size_t most);

/* Samples that found no room since the reset. */
uint32_t ser_sound_lost(void);

#endif
