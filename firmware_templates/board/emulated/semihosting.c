/* Job files and exit through Arm semihosting (Arm semihosting specification 3.0): the debugger or emulator acts. */
#include "board.h"
#include "board_job.h"

#define SYS_OPEN 0x01u
#define SYS_CLOSE 0x02u
#define SYS_WRITE 0x05u
#define SYS_READ 0x06u
#define SYS_EXIT_EXTENDED 0x20u
#define MODE_READ_BINARY 1u
#define MODE_WRITE_BINARY 5u
#define APPLICATION_EXIT 0x20026u

static int32_t job_file;
static int32_t result_file;

static int32_t call_host(uint32_t operation, const void *arguments) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

__attribute__((noinline)) static int32_t call_with(uint32_t operation, uintptr_t first, uintptr_t second,
                                                   uintptr_t third) {
    const uintptr_t arguments[3] = {first, second, third};
    return call_host(operation, arguments);
}

bool board_job_open(void) {
    static const char job_name[] = "job.bin";
    static const char result_name[] = "result.bin";
    job_file = call_with(SYS_OPEN, (uintptr_t)job_name, MODE_READ_BINARY, sizeof job_name - 1u);
    if (job_file < 0) {
        return false;
    }
    result_file = call_with(SYS_OPEN, (uintptr_t)result_name, MODE_WRITE_BINARY, sizeof result_name - 1u);
    return result_file >= 0;
}

bool board_job_read(void *data, size_t bytes) {
    /* The answer is the number of bytes not read. */
    return call_with(SYS_READ, (uintptr_t)job_file, (uintptr_t)data, bytes) == 0;
}

bool board_job_write(const void *data, size_t bytes) {
    return call_with(SYS_WRITE, (uintptr_t)result_file, (uintptr_t)data, bytes) == 0;
}

void board_job_close(void) {
    (void)call_with(SYS_CLOSE, (uintptr_t)job_file, 0u, 0u);
    (void)call_with(SYS_CLOSE, (uintptr_t)result_file, 0u, 0u);
}

void board_exit(int status) {
    (void)call_with(SYS_EXIT_EXTENDED, APPLICATION_EXIT, (uintptr_t)status, 0u);
    for (;;) {
    }
}
