/** @file
 * Runs the model on inputs recorded when it was quantized and compares every output byte. */
#ifndef SER_SELFTEST_H
#define SER_SELFTEST_H

#include "ser_status.h"

#include <stddef.h>
#include <stdint.h>

/** What the test found. */
typedef struct {
    size_t vectors;  /**< 0: the model file carried none */
    size_t vector;   /**< the first difference, when there is one */
    size_t byte;     /**< counted over all outputs, in order */
    int8_t expected; /**< the recorded byte */
    int8_t actual;   /**< the byte that came out */
} ser_selftest_result_t;

/** Compares every byte. Needs ser_model_init first; resets the model before each vector and after the last.
 * @param result the first difference, if there is one
 * @return SER_OK: every byte is equal; SER_ERROR_MODEL: one is not */
ser_status_t ser_selftest_run(ser_selftest_result_t *result);

#endif
