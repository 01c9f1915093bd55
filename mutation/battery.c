/* Runs cases, each a shared library of its own, against one library of kernels: battery SECONDS KERNELS CASE DATA ...
 * Exit status 0: all bytes as expected; 1: others; 2: no library. What hangs is ended by a signal. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

typedef int (*action_t)(void);
typedef int8_t *(*input_t)(size_t);
typedef const int8_t *(*output_t)(size_t);

static void *found(void *library, const char *name) {
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    return symbol;
}

static void *opened(const char *path) {
    void *library = dlopen(path, RTLD_LAZY | RTLD_GLOBAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    return library;
}

static uint8_t *content(const char *path) {
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    uint8_t *bytes = malloc((size_t)size + 1);
    if (fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        exit(2);
    }
    fclose(file);
    return bytes;
}

static int run(void *library, const uint8_t *data) {
    const action_t init = (action_t)found(library, "ser_model_init");
    const action_t reset = (action_t)found(library, "ser_model_reset");
    const action_t invoke = (action_t)found(library, "ser_model_invoke");
    const input_t input = (input_t)found(library, "ser_model_input");
    const output_t output = (output_t)found(library, "ser_model_output");
    const uint32_t *head = (const uint32_t *)data;
    const uint32_t rows = head[0], keep_state = head[1], inputs = head[2], outputs = head[3];
    const uint32_t *sizes = head + 4;
    data += sizeof *head * (4 + inputs + outputs);
    if (init() != 0) {
        return 1;
    }
    for (uint32_t row = 0; row < rows; ++row) {
        if (!keep_state && reset() != 0) {
            return 1;
        }
        for (uint32_t i = 0; i < inputs; data += sizes[i++]) {
            memcpy(input(i), data, sizes[i]);
        }
        if (invoke() != 0) {
            return 1;
        }
        for (uint32_t i = 0; i < outputs; data += sizes[inputs + i++]) {
            if (memcmp(output(i), data, sizes[inputs + i]) != 0) {
                return 1;
            }
        }
    }
    return 0;
}

int main(int count, char **arguments) {
    const double seconds = atof(arguments[1]);
    const struct itimerval limit = {
        .it_value = {.tv_sec = (time_t)seconds, .tv_usec = (suseconds_t)(1e6 * (seconds - (time_t)seconds))}};
    setitimer(ITIMER_VIRTUAL, &limit, NULL);
    for (int i = 3; i + 1 < count; i += 2) {
        /* The first one to define a kernel is called by both; what it calls itself may be in the second. */
        void *kernels = strcmp(arguments[2], "-") == 0 ? NULL : opened(arguments[2]);
        void *library = opened(arguments[i]);
        uint8_t *data = content(arguments[i + 1]);
        if (run(library, data) != 0) {
            printf("%d\n", (i - 3) / 2);
            return 1;
        }
        free(data);
        dlclose(library);
        if (kernels != NULL) {
            dlclose(kernels);
        }
    }
    return 0;
}
