/** @file
 * GATHER: slices of a (batch, outer, extent, inner) tensor, picked by (batch, count) indices along `extent`. */
#ifndef TS_GATHER_H
#define TS_GATHER_H

#include <stdint.h>

typedef struct {
    int32_t batch;
    int32_t outer;
    int32_t extent;
    int32_t count;
    int32_t inner;
} ts_gather_t;

void ts_gather(const ts_gather_t *params, const int8_t *input, const int32_t *indices, int8_t *output);

#endif
