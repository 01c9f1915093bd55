/** @file
 * What AVERAGE_POOL_2D and MAX_POOL_2D of int16 share: what becomes of each window, clipped to the input. */
#ifndef TS_POOL_I16_H
#define TS_POOL_I16_H

#include "ts_requantize_i16.h"
#include "ts_window.h"

/** What becomes of one channel, at which `input` begins. A static function of the including kernel, so that the
 * compiler puts it into the loop. */
typedef int32_t (*ts_pool_i16_t)(const ts_window_t *window, const int16_t *input, ts_taps_t rows, ts_taps_t columns);

static inline void ts_pool_apply_i16(const ts_window_t *window, ts_pool_i16_t pool, int32_t low, int32_t high,
                                     const int16_t *input, int16_t *output) {
    for (int32_t batch = 0; batch < window->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const ts_taps_t rows = ts_rows(window, y);
            for (int32_t x = 0; x < window->output_width; ++x) {
                const ts_taps_t columns = ts_columns(window, x);
                for (int32_t c = 0; c < window->output_channels; ++c) {
                    *output++ = ts_clamp_i16(pool(window, input + c, rows, columns), low, high);
                }
            }
        }
        input += window->input_height * window->input_width * window->input_channels;
    }
}

#endif
