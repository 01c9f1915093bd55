#include "ser_print.h"

#define BASE 10u

/* At least `digits` of them. */
BOARD_COLD static void print_digits(uint32_t value, int digits) {
    char text[12];
    char *first = text + sizeof text - 1u;
    *first = '\0';
    while (digits > 0 || value > 0u) {
        *--first = (char)('0' + value % BASE);
        value /= BASE;
        --digits;
    }
    board_print(first);
}

BOARD_COLD static uint32_t print_sign(int32_t value) {
    if (value < 0) {
        board_print("-");
    }
    return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

void ser_print_number(const char *before, int32_t value, const char *after) {
    board_print(before);
    print_digits(print_sign(value), 1);
    board_print(after);
}

void ser_print_thousandths(const char *before, int32_t value, const char *after) {
    board_print(before);
    const uint32_t magnitude = print_sign(value);
    print_digits(magnitude / 1000u, 1);
    board_print(".");
    print_digits(magnitude % 1000u, 3);
    board_print(after);
}

void ser_print_quoted(const char *text) {
    static const char digits[] = "0123456789abcdef";
    board_print("\"");
    for (; *text != '\0'; ++text) {
        const unsigned char c = (unsigned char)*text;
        if (c < 0x20u) {
            const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15u], '\0'};
            board_print(escape);
        } else {
            const char character[] = {(char)c, '\0'};
            board_print(c == '"' || c == '\\' ? "\\" : "");
            board_print(character);
        }
    }
    board_print("\"");
}
