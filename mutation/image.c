/* The same on an emulated Cortex-M: one image with all the cases, which exits through semihosting. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cases.h"

extern uint32_t image_stack_top[];
extern uint32_t image_data_load[], image_data_start[], image_data_end[], image_bss_start[], image_bss_end[];
void image_reset(void);
void image_fault(void);

typedef union {
    uint32_t *stack;
    void (*handler)(void);
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    {.stack = image_stack_top}, {.handler = image_reset}, {.handler = image_fault}, {.handler = image_fault},
    {.handler = image_fault},   {.handler = image_fault}, {.handler = image_fault},
};

static void end(uint32_t reason) {
    register uint32_t call __asm__("r0") = 0x18u; /* SYS_EXIT */
    register uint32_t why __asm__("r1") = reason;
    __asm__ volatile("bkpt 0xAB" ::"r"(call), "r"(why) : "memory");
    for (;;) {
    }
}

void image_fault(void) {
    end(0x20023u); /* a run-time error: status 1 */
}

static int run(const case_t *one) {
    const int8_t *data = one->data;
    if (one->init() != 0) {
        return 1;
    }
    for (uint32_t row = 0; row < one->rows; ++row) {
        if (!one->keep_state && one->reset() != 0) {
            return 1;
        }
        for (uint32_t i = 0; i < one->inputs; data += one->sizes[i++]) {
            memcpy(one->input(i), data, one->sizes[i]);
        }
        if (one->invoke() != 0) {
            return 1;
        }
        for (uint32_t i = 0; i < one->outputs; data += one->sizes[one->inputs + i++]) {
            if (memcmp(one->output(i), data, one->sizes[one->inputs + i]) != 0) {
                return 1;
            }
        }
    }
    return 0;
}

void image_reset(void) {
#ifdef __ARM_FP
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
#ifdef __ARM_ARCH_6M__
    *(volatile uint32_t *)0xE000ED14u |= 8u; /* the core that this runs on reads words from any address, an M0 does not */
#endif
    memcpy(image_data_start, image_data_load, (size_t)((uintptr_t)image_data_end - (uintptr_t)image_data_start));
    memset(image_bss_start, 0, (size_t)((uintptr_t)image_bss_end - (uintptr_t)image_bss_start));
    for (size_t i = 0; i < CASES; ++i) {
        if (run(&cases[i]) != 0) {
            end(0x20023u);
        }
    }
    end(0x20026u); /* SYS_EXIT's "application exit": status 0 */
}
