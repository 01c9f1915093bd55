/** @file
 * ts_broadcast_operands on cores with MVE: four values at a time. Along the innermost loop an operand repeats or lies
 * side by side. */
#ifndef TS_BROADCAST_MVE_H
#define TS_BROADCAST_MVE_H

#include "ts_broadcast.h"
#include "ts_mve.h"

#ifdef TS_HAS_MVE

/** What becomes of four values of one operand. */
typedef int32x4_t (*ts_mve_operand_t)(const void *params, int32x4_t values);
/** What becomes of those of both, in the lowest byte of each. */
typedef int32x4_t (*ts_mve_join_t)(const void *params, int32x4_t first, int32x4_t second);

/** The innermost loop: `count` values, of an operand that repeats only one. */
static inline void ts_mve_run(ts_mve_operand_t first_operand, ts_mve_operand_t second_operand, ts_mve_join_t join,
                              const void *params, const int8_t *first, bool first_repeats, const int8_t *second,
                              bool second_repeats, int8_t *output, int32_t count) {
    int32x4_t a = first_repeats ? first_operand(params, vdupq_n_s32(*first)) : vdupq_n_s32(0);
    int32x4_t b = second_repeats ? second_operand(params, vdupq_n_s32(*second)) : vdupq_n_s32(0);
    for (; count >= 4; count -= 4, first += 4, second += 4, output += 4) {
        a = first_repeats ? a : first_operand(params, vldrbq_s32(first));
        b = second_repeats ? b : second_operand(params, vldrbq_s32(second));
        vstrbq_s32(output, join(params, a, b));
    }
    if (count > 0) {
        const mve_pred16_t lanes = vctp32q((uint32_t)count);
        a = first_repeats ? a : first_operand(params, vldrbq_z_s32(first, lanes));
        b = second_repeats ? b : second_operand(params, vldrbq_z_s32(second, lanes));
        vstrbq_p_s32(output, join(params, a, b), lanes);
    }
}

static inline void ts_mve_broadcast(const ts_broadcast_t *shape, ts_walks_t walks, ts_mve_operand_t first_operand,
                                    ts_mve_operand_t second_operand, ts_mve_join_t join, const void *params,
                                    const int8_t *first, const int8_t *second, int8_t *output) {
    const int32_t first_step = shape->first_step[TS_BROADCAST_INNER];
    const int32_t second_step = shape->second_step[TS_BROADCAST_INNER];
    const int32_t count = shape->extent[TS_BROADCAST_INNER];
    for (int32_t i = 0; i < ts_broadcast_turns(shape, 0); ++i) {
        for (int32_t j = 0; j < ts_broadcast_turns(shape, 1); ++j) {
            for (int32_t k = 0; k < shape->extent[TS_BROADCAST_ROWS]; ++k, output += count) {
                const int8_t *a = first + ts_broadcast_start(shape->first_step, i, j, k);
                const int8_t *b = second + ts_broadcast_start(shape->second_step, i, j, k);
                /* Where both repeat there is one value. */
                if (walks.second && (second_step == 0 || !(walks.first || walks.none))) {
                    ts_mve_run(first_operand, second_operand, join, params, a, false, b, true, output, count);
                } else if (walks.first && (first_step == 0 || !walks.none)) {
                    ts_mve_run(first_operand, second_operand, join, params, a, true, b, false, output, count);
                } else {
                    ts_mve_run(first_operand, second_operand, join, params, a, false, b, false, output, count);
                }
            }
        }
    }
}

#endif

#endif
