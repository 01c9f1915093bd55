/** @file
 * ts_broadcast.h for outputs of int16. */
#ifndef TS_BROADCAST_I16_H
#define TS_BROADCAST_I16_H

#include "ts_broadcast.h"

/** What becomes of two elements; the context holds the operands, of which these are the indices. */
typedef int16_t (*ts_binary_i16_t)(const void *context, int32_t first, int32_t second);

/** `apply` is a static function of the including kernel, so that the compiler puts it into the loop. */
static inline void ts_broadcast_apply_i16(const ts_broadcast_t *shape, ts_binary_i16_t apply, const void *context,
                                          int16_t *output) {
    const ts_broadcast_t s = *shape;
    for (int32_t i = 0; i < ts_broadcast_turns(&s, 0); ++i) {
        for (int32_t j = 0; j < ts_broadcast_turns(&s, 1); ++j) {
            for (int32_t k = 0; k < s.extent[TS_BROADCAST_ROWS]; ++k) {
                int32_t first = ts_broadcast_start(s.first_step, i, j, k);
                int32_t second = ts_broadcast_start(s.second_step, i, j, k);
                for (int32_t left = s.extent[TS_BROADCAST_INNER]; left > 0; --left) {
                    *output++ = apply(context, first, second);
                    first += s.first_step[TS_BROADCAST_INNER];
                    second += s.second_step[TS_BROADCAST_INNER];
                }
            }
        }
    }
}

#endif
