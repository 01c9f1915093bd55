#include "board_decimator.h"

#define MIDDLE (BOARD_DECIMATOR_TAPS / 2u)
#define ONE (32768 / BOARD_DECIMATOR_GAIN)

/* The first half and the middle of a symmetric filter, in 1/32768: least squares, at 64 kHz 1 over the droop of sinc^4
 * (decimation 16 from 1.024 MHz) up to 7 kHz, and 0 from 9 kHz on with thirty times the weight. With that sinc filter
 * the passband is level within 0.07 dB, the stopband below -58 dB. */
static const int16_t taps[MIDDLE + 1u] = {
    -1,  -1,  3,    8,    11,   9,    0,    -13,  -23, -21, -5,    20,    40,    40,   14,   -28,  -64,  -68,  -29,
    38,  96,  106,  52,   -48,  -138, -160, -85,  58,  194, 233,   134,   -69,   -266, -334, -205, 77,   364,  476,
    310, -83, -502, -689, -479, 83,   721,  1052, 789, -63, -1144, -1844, -1576, -64,  2461, 5298, 7524, 8366,
};

void board_decimator_take(board_decimator_t *decimator, int32_t sample) {
    decimator->ring[decimator->next] = sample;
    decimator->next = decimator->next + 1u < BOARD_DECIMATOR_TAPS ? decimator->next + 1u : 0u;
}

int32_t board_decimator_sample(const board_decimator_t *decimator) {
    int64_t sum = 0;
    size_t at = decimator->next; /* the oldest */
    for (size_t tap = 0u; tap < BOARD_DECIMATOR_TAPS; ++tap) {
        const size_t place = tap <= MIDDLE ? tap : BOARD_DECIMATOR_TAPS - 1u - tap;
        sum += (int64_t)taps[place] * decimator->ring[at];
        at = at + 1u < BOARD_DECIMATOR_TAPS ? at + 1u : 0u;
    }
    return (int32_t)(sum / ONE);
}
