/** @file
 * ARG_MAX along one axis. */
#ifndef TS_ARG_MAX_H
#define TS_ARG_MAX_H

#include <stdint.h>

typedef struct {
    int32_t outer; /**< rows in front of the axis */
    int32_t extent;
    int32_t inner; /**< elements between neighbours along the axis */
} ts_arg_max_t;

void ts_arg_max(const ts_arg_max_t *params, const int8_t *input, int32_t *output);

#endif
