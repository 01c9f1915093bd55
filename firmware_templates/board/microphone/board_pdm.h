/** @file
 * Bits of a digital microphone (pulse density modulation) to samples: a sinc filter of fourth order, decimation 16. */
#ifndef BOARD_PDM_H
#define BOARD_PDM_H

#include <stdint.h>

#define BOARD_PDM_ORDER 4u         /**< of the filter */
#define BOARD_PDM_FULL_SCALE 65536 /**< 16 to the fourth: of a stream of ones */

/** Sums and differences, modulo 2^32; all zero at the start. */
typedef struct {
    uint32_t sums[BOARD_PDM_ORDER];   /**< running, at the rate of the bits */
    uint32_t before[BOARD_PDM_ORDER]; /**< what each difference is taken from, at the rate of the samples */
} board_pdm_t;

/** Takes 16 bits.
 * @param pdm the state
 * @param bits the first one is the highest
 * @return a sample, from -BOARD_PDM_FULL_SCALE to BOARD_PDM_FULL_SCALE */
int32_t board_pdm_take(board_pdm_t *pdm, uint16_t bits);

#endif
