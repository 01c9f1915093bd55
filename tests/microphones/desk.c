/* A microphone's driver with hardware around it: fills halves of its buffer from standard input, raises its interrupt,
 * and writes what is heard. DRIVER names the driver's source, which is part of this file so that its buffer is seen.
 *
 * Every argv[1]-th interrupt does not come (0: all come), argv[2] in a row: the hardware goes on, as it does. */
#include DRIVER

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_REGISTERS 64u
#if defined L4
#define CORE_HZ 80000000u
#elif defined U5
#define CORE_HZ 24000000u
#else
#define CORE_HZ 168000000u
#endif

uint32_t board_core_hz = CORE_HZ;
static uint32_t enabled_interrupt = UINT32_MAX;
static bool is_connected;

typedef struct {
    uint32_t address;
    volatile uint32_t value;
} register_t;

static register_t registers[MOST_REGISTERS];
static size_t known;

static void before_access(uint32_t address);

volatile uint32_t *test_register(uint32_t address) {
    before_access(address);
    for (size_t index = 0; index < known; ++index) {
        if (registers[index].address == address) {
            return &registers[index].value;
        }
    }
    if (known == MOST_REGISTERS) {
        abort();
    }
    registers[known].address = address;
    return &registers[known++].value;
}

/* The hardware answers at once. */
bool board_wait_for(const volatile uint32_t *status, uint32_t mask, uint32_t wanted) {
    volatile uint32_t *const answer = (volatile uint32_t *)(uintptr_t)status;
    *answer = (*answer & ~mask) | wanted;
    return true;
}

void board_interrupt_enable(uint32_t number) {
    enabled_interrupt = number;
}

void board_microphone_connect(void) {
    is_connected = true;
}

static void write_heard(const int16_t *pcm, size_t samples, size_t missing) {
    const int32_t head = (int32_t)missing;
    fwrite(&head, sizeof head, 1, stdout);
    fwrite(pcm, sizeof pcm[0], samples, stdout);
}

static void must(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        exit(3);
    }
}

#if defined NRF

/* EasyDMA latches the pointer at each start, which PPI makes of each end. */
static uint32_t latched;

static void latch(void) {
    latched = SAADC_PTR;
    SAADC_STARTED = 1u;
}

static void begin(void) {
    must(PPI_EVENT(1u) == SAADC_END && PPI_TASK(1u) == SAADC_START, "an end does not start the next half");
    must(PPI_EVENT(0u) == TIMER1 + TIMER_COMPARE_0 && PPI_TASK(0u) == SAADC_SAMPLE, "the timer takes no samples");
    must(PPI_FORK(1u) == TIMER2 + TIMER_COUNT && PPI_CHENSET == 3u, "halves are not counted");
    must(SAADC_MAXCNT == BOARD_MICROPHONE_HALF && BOARD_REGISTER(SAADC_START) == 1u, "it was not started");
    latch();
}

static void *half_to_fill(void) {
    for (size_t half = 0; half < 2u; ++half) {
        if (latched == (uint32_t)(uintptr_t)captured[half]) {
            return (void *)(uintptr_t)captured[half];
        }
    }
    must(false, "the pointer is at no half");
    return NULL;
}

static void filled(void) {
    BOARD_REGISTER(TIMER2 + TIMER_CC_0) += 1u;
    BOARD_REGISTER(SAADC_END) = 1u;
    latch();
}

static void raise_interrupt(void) {
    board_microphone_interrupt();
    must(BOARD_REGISTER(SAADC_END) == 0u && SAADC_STARTED == 0u, "an event is still set");
}

#elif defined U5

/* A FIFO of four samples, whose flags follow what is in it; a read takes the oldest. */
#define RAW_BYTES (2u * sizeof(uint32_t))
static uint32_t fifo[4];
static size_t waiting;
static volatile uint32_t data;
static bool overflowed;

static volatile uint32_t *slot(uint32_t address) {
    for (size_t index = 0; index < known; ++index) {
        if (registers[index].address == address) {
            return &registers[index].value;
        }
    }
    return &data;
}

static void before_access(uint32_t address) {
    if (address == ADF + 0xB0u) {
        overflowed = overflowed && *slot(address) != OVERFLOW; /* alone, it was written */
        *slot(address) = (waiting > 0u ? NOT_EMPTY : 0u) | (overflowed ? OVERFLOW | INTERRUPT_AT_THRESHOLD : 0u);
    } else if (address == ADF + 0xF0u && waiting > 0u) {
        *slot(address) = fifo[0];
        --waiting;
        memmove(fifo, fifo + 1, sizeof fifo - sizeof fifo[0]);
    }
}

static void begin(void) {
    must((DFLTCR & 5u) == 5u && DFLTIER == 1u && (CKGCR & 1u) == 1u && (SITFCR & 1u) == 1u, "something is off");
    DFLTISR = 0u;
    DFLTDR = 0u;
}

static uint32_t arriving[2];

static void *half_to_fill(void) {
    return arriving;
}

static void filled(void) {
    for (size_t index = 0; index < 2u; ++index) {
        if (waiting == 4u) {
            overflowed = true;
        } else {
            fifo[waiting++] = arriving[index];
        }
    }
}

static void raise_interrupt(void) {
    board_microphone_interrupt();
    must(waiting == 0u && !overflowed, "something is left in the FIFO");
}

#elif defined L4

static size_t current;

static void begin(void) {
    must((DMA_C4CR & 0x21u) == 0x21u && DMA_C4PAR == FILTER_RDATAR, "DMA is off, not circular, or not the filter's");
    must(DMA_C4NDTR == sizeof captured / 4u && DMA_C4MAR == (uint32_t)(uintptr_t)captured, "DMA misses the buffer");
}

static void *half_to_fill(void) {
    return (void *)(uintptr_t)captured[current];
}

static void filled(void) {
    DMA_ISR |= current == 0u ? 1u << 14 : 1u << 13;
    current ^= 1u;
}

static void raise_interrupt(void) {
    DMA_IFCR = 0u;
    board_microphone_interrupt();
    DMA_ISR &= ~DMA_IFCR;
    must(DMA_ISR == 0u, "a flag is still set");
    board_microphone_interrupt(); /* one that comes for nothing */
}

#else

#if defined DMA1
#define DMA DMA1
#else
#define DMA DMA2
#endif
static size_t current;

static uint32_t shift(uint32_t number) {
    return number == 0u ? 0u : 22u; /* streams 0 and 3 */
}

static uint32_t stream_register(uint32_t place) {
    return *test_register(DMA + 0x10u + stream.number * 0x18u + place);
}

static void begin(void) {
    must((stream_register(0x00u) & 0x0101u) == 0x0101u, "the stream is off, or not circular");
    must(stream_register(0x04u) == sizeof captured / 2u, "the stream's count is not the buffer's");
    must(stream_register(0x0Cu) == (uint32_t)(uintptr_t)captured, "the stream does not go to the buffer");
}

static void *half_to_fill(void) {
    return (void *)(uintptr_t)captured[current];
}

static void filled(void) {
    *test_register(DMA + 0x00u) |= (current == 0u ? 1u << 4 : 1u << 5) << shift(stream.number);
    current ^= 1u;
}

static void raise_interrupt(void) {
    volatile uint32_t *const flags = test_register(DMA + 0x00u);
    volatile uint32_t *const clear = test_register(DMA + 0x08u);
    *clear = 0u;
    board_microphone_interrupt();
    *flags &= ~*clear;
    must(*flags == 0u, "a flag is still set");
    board_microphone_interrupt(); /* one that comes for nothing */
}

#endif

#if !defined U5
#define RAW_BYTES (sizeof captured[0])
static void before_access(uint32_t address) {
    (void)address;
}
#endif

int main(int given, char **arguments) {
    const unsigned long miss = given > 1 ? strtoul(arguments[1], NULL, 10) : 0u;
    const unsigned long in_a_row = given > 2 ? strtoul(arguments[2], NULL, 10) : 1u;
    static unsigned char raw[RAW_BYTES];
    must(board_microphone_start(16000u, write_heard), "the microphone does not start");
    must(is_connected && enabled_interrupt == BOARD_MICROPHONE_INTERRUPT, "its pins or its interrupt are off");
    begin();
    raise_interrupt(); /* as a start does on nRF */
    for (size_t index = 0; index < known; ++index) {
        fprintf(stderr, "%08X %08X\n", (unsigned int)registers[index].address, (unsigned int)registers[index].value);
    }
    for (unsigned long turn = 1u; fread(raw, sizeof raw, 1, stdin) == 1u; ++turn) {
        memcpy(half_to_fill(), raw, sizeof raw);
        filled();
        memset(half_to_fill(), 0x55, sizeof raw / 4u); /* by now, the hardware has begun with it */
        if (miss == 0u || turn % miss >= in_a_row || turn < miss) {
            raise_interrupt();
        }
    }
    return 0;
}
