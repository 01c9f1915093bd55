/* Stands in for libFuzzer, which only clang has: always the same random inputs. */
#include "fuzz_check.h"

#define INPUTS 200u
#define LONGEST 512u

int main(int count, char **arguments) {
    static uint8_t data[LONGEST];
    uint32_t noise = 1u;
    (void)LLVMFuzzerInitialize(&count, &arguments);
    for (size_t input = 0; input < INPUTS; ++input) {
        const size_t size = input * LONGEST / INPUTS;
        for (size_t byte = 0; byte < size; ++byte) {
            noise = noise * 1664525u + 1013904223u;
            data[byte] = (uint8_t)(noise >> (byte % 3u == 0u ? 30u : 24u)); /* small ones too: they choose a call */
        }
        (void)LLVMFuzzerTestOneInput(data, size);
    }
    return 0;
}
