#ifndef HARDWARE_SYNC_H
#define HARDWARE_SYNC_H

#define __compiler_memory_barrier() __asm__ volatile("" : : : "memory")
void __wfi(void);

#endif
