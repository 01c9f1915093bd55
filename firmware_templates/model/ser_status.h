/** @file
 * What became of a call. */
#ifndef SER_STATUS_H
#define SER_STATUS_H

/** What every fallible function of the firmware returns. */
typedef enum {
    SER_OK = 0,          /**< all went well */
    SER_ERROR_ARGUMENT,  /**< a null pointer, a bad index or size */
    SER_ERROR_NOT_READY, /**< called before what must come first */
    SER_ERROR_MODEL,     /**< the model does not run here, or its output differs from what is expected */
    SER_ERROR_ARENA      /**< the arena is too small */
} ser_status_t;

#endif
