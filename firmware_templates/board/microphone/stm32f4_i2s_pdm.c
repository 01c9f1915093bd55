/* A digital microphone on I2S2 of an STM32F4, whose clock is the microphone's: 64 bits for each sample at 16 kHz come
 * as words of 16, stream 3 of DMA1 stores them (ST RM0090, RCC, SPI and I2S, DMA registers; channel 0 of that stream is
 * SPI2's receiver). */
#include "board_config.h"
#include "board_decimator.h"
#include "board_dma_stream.h"
#include "board_microphone.h"
#include "board_offset.h"
#include "board_parts.h"
#include "board_pdm.h"

#define RCC_CR BOARD_REGISTER(0x40023800u)
#define RCC_PLLI2SCFGR BOARD_REGISTER(0x40023884u)
#define PLLI2S_ON (1u << 26)
#define PLLI2S_READY (1u << 27)

#define SPI2 0x40003800u
#define SPI_CR2 BOARD_REGISTER(SPI2 + 0x04u)
#define SPI_DR (SPI2 + 0x0Cu)
#define I2SCFGR BOARD_REGISTER(SPI2 + 0x1Cu)
#define I2SPR BOARD_REGISTER(SPI2 + 0x20u)
#define RECEIVE_BY_DMA 1u
#define I2S_MODE (1u << 11)
#define I2S_ON (1u << 10)
#define MASTER_RECEIVES (3u << 8)
#define LSB_JUSTIFIED (2u << 4) /* words without a bit between them */
#define CLOCK_IDLES_HIGH (1u << 3)

#define DMA1 0x40026000u
#define CHANNEL_SPI2_RX 0u

#define RATE_HZ 16000u /* that the clock is set for */
#define WORDS BOARD_DECIMATOR_RATIO
#define FULL_SCALE (BOARD_PDM_FULL_SCALE * BOARD_DECIMATOR_GAIN)
#define HALF_WORDS (BOARD_MICROPHONE_HALF * WORDS)

static const board_dma_stream_t stream = {DMA1, 3u};
static volatile uint16_t captured[2][HALF_WORDS];
static board_halves_t halves;
static board_pdm_t pdm;
static board_decimator_t decimator;
static board_offset_t offset;
static board_heard_t on_heard;

/* Its input is 1 MHz, of the crystal or of the internal oscillator. */
static bool start_clock(void) {
    RCC_PLLI2SCFGR = BOARD_MICROPHONE_PLLI2S_R << 28 | BOARD_MICROPHONE_PLLI2S_N << 6;
    RCC_CR |= PLLI2S_ON;
    return board_wait_for(&RCC_CR, PLLI2S_READY, PLLI2S_READY);
}

bool board_microphone_start(uint32_t rate_hz, board_heard_t heard) {
    on_heard = heard;
    board_microphone_connect();
    if (rate_hz != RATE_HZ || !start_clock()) {
        return false;
    }
    board_dma_stream_start(stream, CHANNEL_SPI2_RX, SPI_DR, captured, 2u * HALF_WORDS);
    board_interrupt_enable(BOARD_MICROPHONE_INTERRUPT);
    I2SPR = BOARD_MICROPHONE_I2S_DIVIDER;
    I2SCFGR = I2S_MODE | MASTER_RECEIVES | LSB_JUSTIFIED | CLOCK_IDLES_HIGH;
    SPI_CR2 = RECEIVE_BY_DMA;
    I2SCFGR |= I2S_ON;
    return true;
}

void board_microphone_interrupt(void) {
    const board_half_t taken = board_dma_stream_take(stream, &halves);
    if (!taken.whole) {
        return;
    }
    int16_t pcm[BOARD_MICROPHONE_HALF];
    const volatile uint16_t *word = captured[taken.half];
    for (size_t index = 0u; index < BOARD_MICROPHONE_HALF; ++index) {
        for (size_t count = 0u; count < WORDS; ++count) {
            board_decimator_take(&decimator, board_pdm_take(&pdm, *word));
            ++word;
        }
        pcm[index] =
            board_offset_remove(&offset, board_decimator_sample(&decimator), BOARD_MICROPHONE_GAIN, FULL_SCALE / 32768);
    }
    on_heard(pcm, BOARD_MICROPHONE_HALF, taken.missed * BOARD_MICROPHONE_HALF);
}
