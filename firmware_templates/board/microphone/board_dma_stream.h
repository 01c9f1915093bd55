/** @file
 * A stream of an STM32's DMA that fills a circular buffer from a register (ST RM0090, RM0390, RM0433, DMA registers).
 */
#ifndef BOARD_DMA_STREAM_H
#define BOARD_DMA_STREAM_H

#include "board_halves.h"

#include <stdint.h>

/** Which stream: base address of its DMA, and its number from 0 to 7. */
typedef struct {
    uint32_t base;   /**< address of the DMA's registers */
    uint32_t number; /**< of the stream in it */
} board_dma_stream_t;

/** Starts a stream that moves 16 bits at a time, for ever, and interrupts when either half of the buffer is filled.
 * @param stream which
 * @param channel the request of an STM32F4's stream; 0 where a DMAMUX chooses it
 * @param source address of the register
 * @param buffer address of the memory
 * @param count of 16-bit values in the whole buffer */
void board_dma_stream_start(board_dma_stream_t stream, uint32_t channel, uint32_t source, const volatile void *buffer,
                            uint32_t count);

/** In the interrupt: which half to read.
 * @param stream which
 * @param halves what was read so far
 * @return as board_halves_take */
board_half_t board_dma_stream_take(board_dma_stream_t stream, board_halves_t *halves);

#endif
