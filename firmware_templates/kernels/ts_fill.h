/** @file
 * Fills a tensor with one value: the border that PAD and PADV2 leave. */
#ifndef TS_FILL_H
#define TS_FILL_H

#include <stdint.h>

/** A layer's parameters for ts_fill. */
typedef struct {
    int32_t count; /**< bytes */
    int32_t value; /**< of each byte */
} ts_fill_t;

/** Sets every byte.
 * @param params of this layer
 * @param output `count` bytes */
void ts_fill(const ts_fill_t *params, void *output);

#endif
