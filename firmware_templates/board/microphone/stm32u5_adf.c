/* A digital microphone on the ADF of an STM32U5, whose clock is the microphone's and whose filters do all the work:
 * sinc filter of fourth order to 64 kHz, reshape filter to 16 kHz, high-pass (ST RM0456, ADF registers). Its FIFO has
 * four samples; an interrupt takes two at a time. */
#include "board_config.h"
#include "board_microphone.h"
#include "board_offset.h"
#include "board_parts.h"

#define ADF 0x46024000u
#define CKGCR BOARD_REGISTER(ADF + 0x04u)
#define SITFCR BOARD_REGISTER(ADF + 0x80u)
#define BSMXCR BOARD_REGISTER(ADF + 0x84u)
#define DFLTCR BOARD_REGISTER(ADF + 0x88u)
#define DFLTCICR BOARD_REGISTER(ADF + 0x8Cu)
#define DFLTRSFR BOARD_REGISTER(ADF + 0x90u)
#define DFLTIER BOARD_REGISTER(ADF + 0xACu)
#define DFLTISR BOARD_REGISTER(ADF + 0xB0u)
#define DFLTDR BOARD_REGISTER(ADF + 0xF0u)
#define CLOCK_DIVIDER(divider) (((divider) - 1u) << 16)
#define CLOCK_0_IS_OUTPUT (1u << 5 | 1u << 1)
#define DIVIDERS_ON 1u
#define NORMAL_SPI (1u << 4)
#define CLOCK_LOSS_THRESHOLD (31u << 8)
#define INTERFACE_ON 1u
#define RISING_EDGE 0u /* of bit stream 0 */
#define SINC_4 (4u << 4)
#define DECIMATION(ratio) (((ratio) - 1u) << 8)
#define RESHAPE_BY_4_AND_HIGH_PASS 0u
#define HALF_FULL (1u << 2)
#define FILTER_ON 1u
#define INTERRUPT_AT_THRESHOLD 1u
#define OVERFLOW (1u << 1)
#define NOT_EMPTY (1u << 3)

#define RATE_HZ 16000u /* that the clock is set for */
#define RATIO BOARD_MICROPHONE_DECIMATION
#define RESHAPE_GAIN 3u                                           /* 9.5 dB */
#define FULL_SCALE (RATIO * RATIO * RATIO * RATIO * RESHAPE_GAIN) /* of a stream of ones */
#define SIGN 0x800000u                                            /* of 24 bits */

static int16_t gathered[BOARD_MICROPHONE_HALF];
static size_t count;
static size_t lost;
static board_offset_t offset;
static board_heard_t on_heard;

bool board_microphone_start(uint32_t rate_hz, board_heard_t heard) {
    on_heard = heard;
    board_microphone_connect();
    if (rate_hz != RATE_HZ || board_core_hz != BOARD_CLOCK_HZ) {
        return false;
    }
    CKGCR = CLOCK_DIVIDER(BOARD_MICROPHONE_CLOCK_DIVIDER) | CLOCK_0_IS_OUTPUT;
    CKGCR |= DIVIDERS_ON;
    SITFCR = CLOCK_LOSS_THRESHOLD | NORMAL_SPI;
    SITFCR |= INTERFACE_ON;
    BSMXCR = RISING_EDGE;
    DFLTCICR = DECIMATION(RATIO) | SINC_4;
    DFLTRSFR = RESHAPE_BY_4_AND_HIGH_PASS;
    DFLTIER = INTERRUPT_AT_THRESHOLD;
    DFLTCR = HALF_FULL;
    board_interrupt_enable(BOARD_MICROPHONE_INTERRUPT);
    DFLTCR |= FILTER_ON;
    return true;
}

/* The upper 24 bits, with their sign. */
static int32_t value(uint32_t word) {
    const int32_t code = (int32_t)(word >> 8);
    return (word >> 8) < SIGN ? code : code - 2 * (int32_t)SIGN;
}

void board_microphone_interrupt(void) {
    if ((DFLTISR & OVERFLOW) != 0u) {
        DFLTISR = OVERFLOW; /* a one clears it */
        ++lost;             /* at least */
    }
    while ((DFLTISR & NOT_EMPTY) != 0u) {
        gathered[count] =
            board_offset_remove(&offset, value(DFLTDR), BOARD_MICROPHONE_GAIN, (int32_t)(FULL_SCALE / 32768u));
        ++count;
        if (count == BOARD_MICROPHONE_HALF) {
            on_heard(gathered, count, lost);
            count = 0u;
            lost = 0u;
        }
    }
}
