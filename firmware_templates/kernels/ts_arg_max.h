/** @file
 * ARG_MAX along one axis. */
#ifndef TS_ARG_MAX_H
#define TS_ARG_MAX_H

#include <stdint.h>

/** A layer's parameters for ts_arg_max. */
typedef struct {
    int32_t outer;  /**< rows in front of the axis */
    int32_t extent; /**< values along the axis */
    int32_t inner;  /**< elements between neighbours along the axis */
} ts_arg_max_t;

/** The index of the largest value along the axis, the first on a tie.
 * @param params of this layer
 * @param input (outer, extent, inner)
 * @param output (outer, inner) */
void ts_arg_max(const ts_arg_max_t *params, const int8_t *input, int32_t *output);

#endif
