/** @file
 * Fills a tensor with one value: the border that PAD and PADV2 leave. */
#ifndef TS_FILL_H
#define TS_FILL_H

#include <stdint.h>

typedef struct {
    int32_t count; /**< bytes */
    int32_t value;
} ts_fill_t;

void ts_fill(const ts_fill_t *params, void *output);

#endif
