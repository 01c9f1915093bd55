#include "board_dma_stream.h"

#include "board_parts.h"

#define LISR 0x00u /* of streams 0 to 3; 4 bytes on, that of the others */
#define LIFCR 0x08u
#define FIRST_STREAM 0x10u
#define STREAM_BYTES 0x18u
#define CR 0x00u
#define NDTR 0x04u
#define PAR 0x08u
#define M0AR 0x0Cu
#define FCR 0x14u
#define ALL_FLAGS 0x3Du
#define HALF_FILLED (1u << 4)
#define ALL_FILLED (1u << 5)
#define DIRECT_MODE 0u
#define HIGH_PRIORITY (2u << 16)
#define HALFWORDS (1u << 13 | 1u << 11)
#define MEMORY_MOVES_ON (1u << 10)
#define CIRCULAR (1u << 8)
#define INTERRUPTS (1u << 4 | 1u << 3) /* all filled, half filled */
#define STREAM_ON 1u

static uint32_t address(board_dma_stream_t stream, uint32_t offset) {
    return stream.base + FIRST_STREAM + stream.number * STREAM_BYTES + offset;
}

/* Flags of four streams share a register. */
static uint32_t group(board_dma_stream_t stream) {
    return stream.number < 4u ? 0u : 4u;
}

static uint32_t shift(board_dma_stream_t stream) {
    static const uint8_t shifts[4] = {0u, 6u, 16u, 22u};
    return shifts[stream.number % 4u];
}

void board_dma_stream_start(board_dma_stream_t stream, uint32_t channel, uint32_t source, const volatile void *buffer,
                            uint32_t count) {
    const uint32_t settings = channel << 25 | HIGH_PRIORITY | HALFWORDS | MEMORY_MOVES_ON | CIRCULAR | INTERRUPTS;
    BOARD_REGISTER(address(stream, CR)) = 0u;
    BOARD_REGISTER(stream.base + LIFCR + group(stream)) = ALL_FLAGS << shift(stream);
    BOARD_REGISTER(address(stream, NDTR)) = count;
    BOARD_REGISTER(address(stream, PAR)) = source;
    BOARD_REGISTER(address(stream, M0AR)) = (uint32_t)(uintptr_t)buffer;
    BOARD_REGISTER(address(stream, FCR)) = DIRECT_MODE;
    BOARD_REGISTER(address(stream, CR)) = settings;
    BOARD_REGISTER(address(stream, CR)) = settings | STREAM_ON;
}

board_half_t board_dma_stream_take(board_dma_stream_t stream, board_halves_t *halves) {
    const uint32_t mask = (HALF_FILLED | ALL_FILLED) << shift(stream);
    const uint32_t flags = BOARD_REGISTER(stream.base + LISR + group(stream)) & mask;
    BOARD_REGISTER(stream.base + LIFCR + group(stream)) = flags;
    return board_halves_take(halves, (flags & HALF_FILLED << shift(stream)) != 0u,
                             (flags & ALL_FILLED << shift(stream)) != 0u);
}
