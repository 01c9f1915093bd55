/** @file
 * The microphone: blocks of mono PCM at SER_FEATURES_SAMPLE_RATE_HZ, filled by interrupts. Another microphone
 * (PDM by PIO, I2S) takes another file with these functions. */
#ifndef SER_AUDIO_H
#define SER_AUDIO_H

#include <stdint.h>

#define SER_AUDIO_BLOCK_SAMPLES 256u /**< of a block */
#define SER_AUDIO_BLOCKS 32u         /**< what is heard while the model runs has to find room: 0.5 s at 16 kHz */

/** Once. */
void ser_audio_start(void);

/** The oldest block that was not released, or NULL.
 * @return SER_AUDIO_BLOCK_SAMPLES samples */
const int16_t *ser_audio_block(void);

/** Gives the oldest block back, to be filled again. */
void ser_audio_release(void);

/** Blocks that were lost since the start, for there was no room.
 * @return how many */
uint32_t ser_audio_overruns(void);

#endif
