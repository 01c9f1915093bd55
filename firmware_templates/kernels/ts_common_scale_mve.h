/** @file
 * Four operands of ts_common_scale.h at a time, on cores with MVE. */
#ifndef TS_COMMON_SCALE_MVE_H
#define TS_COMMON_SCALE_MVE_H

#include "ts_broadcast_mve.h"
#include "ts_common_scale.h"

#ifdef TS_HAS_MVE

static inline int32x4_t ts_mve_exact_operand(const void *params, int32x4_t values) {
    const ts_operands_t *p = (const ts_operands_t *)params;
    return vmlasq_n_s32(values, vdupq_n_s32(p->exact_factor), p->exact_offset);
}

/** Without its sign. */
static inline int32x4_t ts_mve_scaled_operand(const void *params, int32x4_t values) {
    const ts_operands_t *p = (const ts_operands_t *)params;
    const int32x4_t shifted = vmlasq_n_s32(values, vdupq_n_s32(p->scaled_factor), p->scaled_offset);
    const int32x4_t scaled = vrmulhq_s32(shifted, vdupq_n_s32(p->scaled_multiplier));
    return ts_mve_shift_all_right(scaled, -1 - p->scaled_right);
}

#endif

#endif
