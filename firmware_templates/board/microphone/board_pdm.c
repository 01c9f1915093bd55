#include "board_pdm.h"

#include <stddef.h>

#define BITS 16u

/* The wrap of unsigned numbers is part of the filter: differences undo it. */
int32_t board_pdm_take(board_pdm_t *pdm, uint16_t bits) {
    uint32_t first = pdm->sums[0];
    uint32_t second = pdm->sums[1];
    uint32_t third = pdm->sums[2];
    uint32_t fourth = pdm->sums[3];
    for (uint32_t bit = 0u; bit < BITS; ++bit) {
        first += (((uint32_t)bits >> (BITS - 1u - bit)) & 1u) * 2u - 1u; /* 1 or -1 */
        second += first;
        third += second;
        fourth += third;
    }
    pdm->sums[0] = first;
    pdm->sums[1] = second;
    pdm->sums[2] = third;
    pdm->sums[3] = fourth;
    uint32_t value = fourth;
    for (size_t stage = 0u; stage < BOARD_PDM_ORDER; ++stage) {
        const uint32_t difference = value - pdm->before[stage];
        pdm->before[stage] = value;
        value = difference;
    }
    return value <= (uint32_t)BOARD_PDM_FULL_SCALE ? (int32_t)value : -(int32_t)(UINT32_MAX - value) - 1;
}
