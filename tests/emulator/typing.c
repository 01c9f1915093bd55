/* A desktop where somebody types, where printing takes its time, and whose model fails where it is told to. */
#define main firmware_main
#include "../app/main.c"
#undef main

#include "ser_gate.h"
#include "ser_sound.h"
#include "ser_source.h"

#include <setjmp.h>
#include <stdio.h>

int model_fault;
static jmp_buf next;
static const char *typed = "";
static uint32_t lines; /* typed so far in this run */
static void (*on_millisecond)(void);
static uint32_t milliseconds;

void board_init(void) {
}

void board_print(const char *text) {
    (void)fputs(text, stdout);
    for (int tick = 0; on_millisecond != NULL && typed[0] == '\0' && tick < 20; ++tick) {
        ++milliseconds;
        on_millisecond();
    }
}

/* A line every 100 ms. */
int board_console_read(void) {
    if (typed[0] == '\0' || milliseconds < 100u * lines) {
        return -1;
    }
    lines += typed[0] == '\n' ? 1u : 0u;
    return *typed++;
}

void board_tick_start(void (*each_millisecond)(void)) {
    on_millisecond = each_millisecond;
    milliseconds = 0u;
}

void board_tick_stop(void) {
    on_millisecond = NULL;
}

uint32_t board_microseconds(void) {
    return milliseconds * 1000u;
}

void board_sleep(void) {
    ++milliseconds;
    on_millisecond();
}

void board_leds_init(void) {
}

void board_leds_show(uint32_t lit) {
    (void)lit;
}

void board_exit(int status) {
    printf("exit %d\n", status);
    longjmp(next, 1);
}

static int failures(void) {
    ser_selftest_result_t model;
    ser_selftest_sound_t sound;
    ser_gate_t gate;
    ser_sound_reset();
    ser_sound_lose(3u);
    ser_gate_reset(&gate);
    ser_gate_hear(&gate, NULL, 0u);
    return (ser_selftest_run(NULL) != SER_ERROR_ARGUMENT) | (ser_selftest_sound_run(NULL) != SER_ERROR_ARGUMENT) << 1 |
           (ser_model_init() != SER_OK) << 2 | (ser_selftest_run(&model) != SER_OK) << 3 |
           (ser_selftest_sound_run(&sound) != SER_OK) << 4 | (gate.started ? 1 << 5 : 0) |
           (ser_sound_lost() != 3u) << 6;
}

int main(void) {
    printf("failures %d\n", failures());
    for (model_fault = 6; model_fault >= 0; --model_fault) {
        printf("fault %d\n", model_fault);
        typed = model_fault == 0 ? "stats\n\b\x7f\n a line of many characters\nstatx\bs\rselftest\n" : "";
        if (setjmp(next) == 0) {
            (void)firmware_main();
        }
    }
    return 0;
}
