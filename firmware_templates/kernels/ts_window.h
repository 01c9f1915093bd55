/* The taps of a sliding window that lie within the input. */
#ifndef TS_WINDOW_H
#define TS_WINDOW_H

#include <stdint.h>

typedef struct {
    int32_t origin; /* input position of tap 0, possibly negative */
    int32_t begin;  /* first tap inside the input */
    int32_t end;    /* one past the last tap inside */
} ts_taps_t;

static inline ts_taps_t ts_taps(int32_t position, int32_t stride, int32_t pad, int32_t dilation, int32_t filter_size,
                                int32_t input_size) {
    ts_taps_t taps = {position * stride - pad, 0, 0};
    if (taps.origin < 0) {
        taps.begin = (-taps.origin + dilation - 1) / dilation;
    }
    if (taps.origin < input_size) {
        taps.end = (input_size - taps.origin + dilation - 1) / dilation;
    }
    taps.end = taps.end > filter_size ? filter_size : taps.end;
    return taps;
}

#endif
