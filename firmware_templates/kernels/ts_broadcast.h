/* Walks two operands that broadcast against each other. */
#ifndef TS_BROADCAST_H
#define TS_BROADCAST_H

#include <stdint.h>

#define TS_BROADCAST_LOOPS 4

/* Loops from outermost to innermost: extent, and each operand's step (0 where it repeats). The output is contiguous. */
typedef struct {
    int32_t extent[TS_BROADCAST_LOOPS];
    int32_t first_step[TS_BROADCAST_LOOPS];
    int32_t second_step[TS_BROADCAST_LOOPS];
} ts_broadcast_t;

typedef int8_t (*ts_binary_t)(const void *params, int8_t first, int8_t second);

/* output[i] = apply(params, first[...], second[...]). `apply` is a static function of the including kernel, so that the
 * compiler puts it into the loop. */
static inline void ts_broadcast_apply(const ts_broadcast_t *shape, ts_binary_t apply, const void *params,
                                      const int8_t *first, const int8_t *second, int8_t *output) {
    for (int32_t i = 0; i < shape->extent[0]; ++i) {
        for (int32_t j = 0; j < shape->extent[1]; ++j) {
            for (int32_t k = 0; k < shape->extent[2]; ++k) {
                const int8_t *a =
                    first + i * shape->first_step[0] + j * shape->first_step[1] + k * shape->first_step[2];
                const int8_t *b =
                    second + i * shape->second_step[0] + j * shape->second_step[1] + k * shape->second_step[2];
                for (int32_t n = 0; n < shape->extent[3]; ++n) {
                    *output++ = apply(params, *a, *b);
                    a += shape->first_step[3];
                    b += shape->second_step[3];
                }
            }
        }
    }
}

#endif
