/* Vector table, reset and faults for Cortex-M. */
#include "board.h"
#include "board_config.h"
#include "board_parts.h"
#ifdef BOARD_MICROPHONE_INTERRUPT
#include "board_microphone.h"
#endif

#include <stddef.h>
#include <stdint.h>
#include <string.h>

extern uint32_t board_data_load[], board_data_start[], board_data_end[];
extern uint32_t board_bss_start[], board_bss_end[];
extern void (*const board_init_array_start[])(void);
extern void (*const board_init_array_end[])(void);

int main(void);
BOARD_COLD void board_reset(void);
void board_fault(void);
void board_systick(void);
BOARD_COLD void board_report_fault(uint32_t *frame);

#define COPROCESSOR_ACCESS BOARD_REGISTER(0xE000ED88u)
#define SEMIHOSTING_BREAKPOINT 0xBEABu
#define FRAME_R0 0
#define FRAME_LR 5
#define FRAME_PC 6
/* Armv7-M and Armv8-M Architecture Reference Manuals, system control block. */
#define CONFIGURABLE_FAULT_STATUS 0xE000ED28u
#define BUS_FAULT_ADDRESS 0xE000ED38u

typedef union {
    uint32_t *stack;
    void (*handler)(void);
} vector_t;

#define SYSTEM_VECTORS 16u
#if defined BOARD_MICROPHONE_INTERRUPT
#define VECTORS (SYSTEM_VECTORS + BOARD_MICROPHONE_INTERRUPT + 1u)
#else
#define VECTORS SYSTEM_VECTORS
#endif

/* Initial stack pointer, reset, then the faults and system exceptions; no interrupt is ever enabled but SysTick and,
 * where there is one, the microphone's. */
__attribute__((section(".vectors"), used)) static const vector_t vectors[VECTORS] = {
    {.stack = board_stack_top},
    {.handler = board_reset},
    {.handler = board_fault},
    {.handler = board_fault},
    {.handler = board_fault},
    {.handler = board_fault},
    {.handler = board_fault},
    {.handler = NULL},
    {.handler = NULL},
    {.handler = NULL},
    {.handler = NULL},
    {.handler = board_fault},
    {.handler = board_fault},
    {.handler = NULL},
    {.handler = board_fault},
    {.handler = board_systick},
#if defined BOARD_MICROPHONE_INTERRUPT
    [SYSTEM_VECTORS + BOARD_MICROPHONE_INTERRUPT] = {.handler = board_microphone_interrupt},
#endif
};

void board_reset(void) {
#if defined(__ARM_FP)
    COPROCESSOR_ACCESS |= 0xFu << 20; /* full access to the floating-point unit */
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
    memcpy(board_data_start, board_data_load, (size_t)((uintptr_t)board_data_end - (uintptr_t)board_data_start));
    memset(board_bss_start, 0, (size_t)((uintptr_t)board_bss_end - (uintptr_t)board_bss_start));
    for (void (*const *constructor)(void) = board_init_array_start; constructor < board_init_array_end; ++constructor) {
        (*constructor)();
    }
    board_exit(main());
}

BOARD_COLD static void print_hex(const char *name, uint32_t value) {
    char text[9];
    for (int digit = 7; digit >= 0; --digit) {
        const uint32_t nibble = value & 15u;
        text[digit] = (char)(nibble < 10u ? nibble + 48u : nibble + 87u); /* from '0' on, and from 'a' on */
        value >>= 4;
    }
    text[8] = '\0';
    board_print(name);
    board_print(text);
}

/* `frame` is what the core stacked: r0-r3, r12, lr, pc, psr. Only assembler calls it. */
__attribute__((used)) void board_report_fault(uint32_t *frame) {
    const uint16_t *instruction = (const uint16_t *)(uintptr_t)(frame[FRAME_PC] & ~1u);
    if (*instruction == SEMIHOSTING_BREAKPOINT) {
        frame[FRAME_R0] = UINT32_MAX; /* no debugger is attached: the call fails and the program goes on */
        frame[FRAME_PC] += 2u;
        return;
    }
    print_hex("fault at pc 0x", frame[FRAME_PC]);
    print_hex(", lr 0x", frame[FRAME_LR]);
#if defined(__ARM_ARCH_7M__) || defined(__ARM_ARCH_7EM__) || defined(__ARM_ARCH_8M_MAIN__) ||                          \
    defined(__ARM_ARCH_8_1M_MAIN__)
    print_hex(", cfsr 0x", BOARD_REGISTER(CONFIGURABLE_FAULT_STATUS));
    print_hex(", bfar 0x", BOARD_REGISTER(BUS_FAULT_ADDRESS)); /* holds if bit 15 of cfsr is set */
#endif
    board_print("\n");
    board_exit(1);
}

__attribute__((naked)) void board_fault(void) {
    __asm__ volatile("mrs r0, msp\n\t"
                     "push {r4, lr}\n\t"
                     "bl board_report_fault\n\t"
                     "pop {r4, pc}");
}
