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

static int32_t job_file = -1;
static int32_t result_file = -1;

static int32_t call_host(uint32_t operation, const void *arguments) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

static int32_t open_file(const char *name, size_t length, uint32_t mode) {
    const uintptr_t arguments[3] = {(uintptr_t)name, mode, length};
    return call_host(SYS_OPEN, arguments);
}

bool board_job_open(void) {
    static const char job_name[] = "job.bin";
    static const char result_name[] = "result.bin";
    job_file = open_file(job_name, sizeof job_name - 1u, MODE_READ_BINARY);
    if (job_file < 0) {
        return false;
    }
    result_file = open_file(result_name, sizeof result_name - 1u, MODE_WRITE_BINARY);
    return result_file >= 0;
}

bool board_job_read(void *data, size_t bytes) {
    const uintptr_t arguments[3] = {(uintptr_t)job_file, (uintptr_t)data, bytes};
    return call_host(SYS_READ, arguments) == 0; /* the answer is the number of bytes not read */
}

bool board_job_write(const void *data, size_t bytes) {
    const uintptr_t arguments[3] = {(uintptr_t)result_file, (uintptr_t)data, bytes};
    return call_host(SYS_WRITE, arguments) == 0;
}

void board_job_close(void) {
    const uintptr_t job[1] = {(uintptr_t)job_file};
    const uintptr_t result[1] = {(uintptr_t)result_file};
    (void)call_host(SYS_CLOSE, job);
    (void)call_host(SYS_CLOSE, result);
}

void board_exit(int status) {
    const uintptr_t arguments[2] = {APPLICATION_EXIT, (uintptr_t)status};
    (void)call_host(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}
