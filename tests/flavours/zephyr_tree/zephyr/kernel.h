/* What the application calls of Zephyr's kernel, declared as its own headers do. */
#ifndef ZEPHYR_KERNEL_H
#define ZEPHYR_KERNEL_H

#include <stddef.h>
#include <stdint.h>

struct k_thread;
typedef struct k_thread *k_tid_t;

struct k_mem_slab {
    char *memory;
    size_t block_size;
    uint32_t blocks;
    uint32_t used;
};

#define K_MEM_SLAB_DEFINE_STATIC(name, bytes, count, align)                                                            \
    static char name##_memory[(count) * (bytes)] __attribute__((aligned(align)));                                      \
    static struct k_mem_slab name = {name##_memory, (bytes), (count), 0}

void k_mem_slab_free(struct k_mem_slab *slab, void *mem);
typedef struct {
    int64_t ticks;
} k_timeout_t;

#define K_MSEC(ms)                                                                                                     \
    (k_timeout_t) {                                                                                                    \
        (ms)                                                                                                           \
    }
#define K_NO_WAIT K_MSEC(0)

struct k_timer {
    void (*expiry_fn)(struct k_timer *timer);
};

#define K_TIMER_DEFINE(name, expiry, stop) static struct k_timer name = {expiry}

void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period);
uint32_t k_uptime_get_32(void);
uint32_t k_cycle_get_32(void);
uint32_t k_cyc_to_us_near32(uint32_t cycles);
k_tid_t k_current_get(void);
int k_thread_stack_space_get(const struct k_thread *thread, size_t *unused_ptr);

#endif
