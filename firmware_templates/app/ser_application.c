#include "ser_application.h"

#include "board.h"
#include "ser_classifier.h"
#include "ser_console.h"
#include "ser_features_tables.h"
#include "ser_leds.h"
#include "ser_print.h"
#include "ser_sound.h"
#include "ser_source.h"

#include <string.h>

#define NEVER UINT32_MAX

typedef struct {
    size_t windows;
    bool silent;
    size_t label; /* SER_CLASSIFIER_LABEL_COUNT + 1: none yet */
} state_t;

typedef struct {
    uint32_t features_us;
    uint32_t inference_us;
} longest_t;

typedef struct {
    uint64_t samples;
    state_t state;
    longest_t longest; /* since the last line */
    longest_t ever;
} heard_t;

static const state_t no_state = {0u, false, SER_CLASSIFIER_LABEL_COUNT + 1u};
static const longest_t no_time = {NEVER, NEVER};

static heard_t heard;
static volatile size_t shown = SER_CLASSIFIER_LABEL_COUNT; /* the decision, for the LEDs */

/* From an interrupt. */
static void each_millisecond(void) {
    static uint32_t now_ms;
    static uint32_t lit;
    const uint32_t wanted = ser_leds_lit(shown, now_ms);
    ++now_ms;
    if (wanted != lit) {
        board_leds_show(wanted);
        lit = wanted;
    }
    ser_source_tick();
    ser_console_take();
}

static state_t current_state(void) {
    state_t state = {ser_classifier_windows(), ser_classifier_is_silent(), SER_CLASSIFIER_LABEL_COUNT + 1u};
    (void)ser_classifier_decision(&state.label);
    return state;
}

static bool is_same(state_t one, state_t other) {
    return one.windows == other.windows && one.silent == other.silent && one.label == other.label;
}

static int32_t thousandths(int32_t posterior_q24) {
    return (int32_t)(((int64_t)posterior_q24 * 1000 + (1 << 23)) >> 24);
}

/* The words of a line. */
#if defined SER_REPORT_JSON
#define PRINT_LABEL ser_print_quoted
#define START "{\"seconds\": "
#define DECISION ", \"decision\": "
#define UNDECIDED "null"
#define POSTERIORS ", \"posteriors\": {"
#define POSTERIOR ": "
#define POSTERIORS_END "}"
#define NO_POSTERIORS ", \"posteriors\": null"
#define FEATURES_MS ", \"features_ms\": "
#define INFERENCE_MS ", \"inference_ms\": "
#define NO_TIME "null"
#define LOST ", \"lost_samples\": "
#define END "}\n"
#else
#define PRINT_LABEL board_print
#define START ""
#define DECISION " s: "
#define UNDECIDED "undecided"
#define POSTERIORS " ("
#define POSTERIOR " "
#define POSTERIORS_END ")"
#define NO_POSTERIORS ""
#define FEATURES_MS "; features ms "
#define INFERENCE_MS ", inference ms "
#define NO_TIME "-"
#define LOST "; lost samples "
#define END "\n"
#endif

static void print_time(const char *name, uint32_t microseconds) {
    if (microseconds == NEVER) {
        board_print(name);
        board_print(NO_TIME);
    } else {
        ser_print_thousandths(name, (int32_t)microseconds, "");
    }
}

static void print_label(const char *label) {
    if (label == NULL) {
        board_print(UNDECIDED);
    } else {
        PRINT_LABEL(label);
    }
}

static void print_state(uint32_t heard_ms, state_t state, longest_t longest) {
    int32_t posteriors[SER_CLASSIFIER_LABEL_COUNT];
    ser_print_thousandths(START, (int32_t)heard_ms, DECISION);
    print_label(ser_classifier_label(state.label));
    if (ser_classifier_posteriors_q24(posteriors) == SER_OK) {
        for (size_t index = 0; index < SER_CLASSIFIER_LABEL_COUNT; ++index) {
            board_print(index == 0u ? POSTERIORS : ", ");
            print_label(ser_classifier_label(index));
            ser_print_thousandths(POSTERIOR, thousandths(posteriors[index]), "");
        }
        board_print(POSTERIORS_END);
    } else {
        board_print(NO_POSTERIORS);
    }
    print_time(FEATURES_MS, longest.features_us);
    print_time(INFERENCE_MS, longest.inference_us);
    ser_print_number(LOST, (int32_t)ser_sound_lost(), END);
}

static void note_time(uint32_t microseconds, uint32_t *longest) {
    if (*longest == NEVER || microseconds > *longest) {
        *longest = microseconds;
    }
}

static uint32_t milliseconds(void) {
    return (uint32_t)(heard.samples * 1000u / SER_FEATURES_SAMPLE_RATE_HZ);
}

static void print_stats(void) {
    ser_print_thousandths("stats: ", (int32_t)milliseconds(), " s");
    ser_print_number(", inferences ", (int32_t)heard.state.windows, "");
    print_time("; features ms ", heard.ever.features_us);
    print_time(", inference ms ", heard.ever.inference_us);
    ser_print_number("; lost samples ", (int32_t)ser_sound_lost(), "\n");
}

/* What was typed, where a line is complete. */
static void answer(const char *line, int (*selftest)(void)) {
    if (line == NULL) {
        return;
    }
    if (strcmp(line, "selftest") == 0) {
        (void)selftest();
        (void)ser_classifier_reset(SER_STREAM);
        heard.state = no_state;
        shown = no_state.label;
    } else if (strcmp(line, "stats") == 0) {
        print_stats();
    } else {
        board_print("commands: help, selftest, stats\n");
    }
    ser_console_reset();
}

static ser_status_t hear(const int16_t *pcm, size_t samples) {
    const uint32_t start = board_microseconds();
    const ser_status_t status = ser_classifier_push(pcm, samples);
    const uint32_t taken = board_microseconds() - start;
    if (status != SER_OK) {
        return status;
    }
    heard.samples += samples;
    const state_t now = current_state();
    const bool has_run = now.windows != heard.state.windows;
    note_time(taken, has_run ? &heard.longest.inference_us : &heard.longest.features_us);
    note_time(taken, has_run ? &heard.ever.inference_us : &heard.ever.features_us);
    if (!is_same(now, heard.state)) {
        print_state(milliseconds(), now, heard.longest);
        heard.longest = no_time;
        heard.state = now;
        shown = now.label;
    }
    return SER_OK;
}

ser_status_t ser_application_run(int (*selftest)(void)) {
    static int16_t pcm[SER_FEATURES_HOP_LENGTH];
    heard = (heard_t){0u, no_state, no_time, no_time};
    ser_console_reset();
    ser_sound_reset();
    (void)ser_classifier_reset(SER_STREAM);
    board_leds_init();
    board_tick_start(each_millisecond);
    ser_status_t status = ser_source_start();
    while (status == SER_OK) {
        const bool at_end = ser_source_at_end(); /* before the ring is read: nothing more comes into it */
        const size_t samples = ser_sound_read(pcm, SER_FEATURES_HOP_LENGTH);
        answer(ser_console_line(), selftest);
        if (samples == 0u && at_end) {
            break;
        }
        if (samples == 0u) {
            board_sleep();
        } else {
            status = hear(pcm, samples);
        }
    }
    board_tick_stop();
    return status;
}

void ser_application_answer(int (*selftest)(void)) {
    board_tick_start(each_millisecond);
    for (;;) {
        answer(ser_console_line(), selftest);
        board_sleep();
    }
}
