/* The application: hears sound, sleeps in between, and prints what it makes of it. */
#ifndef SER_APPLICATION_H
#define SER_APPLICATION_H

#include "ser_status.h"

/* Plays the recording in flash as a stream, in real time: every millisecond an interrupt delivers its samples. Prints a
 * line after each inference and where silence begins or ends; as JSON where SER_REPORT_JSON is defined:
 *
 *   ms                       of sound since the start
 *   decision                 a label, "silence", or null before there is one
 *   posteriors               of each label, smoothed; null before the first and in silence
 *   features_us              the longest time that a piece of sound of up to a hop took, since the last line, without
 * an inference_us             inference and with one; null where there was none lost_samples             that found no
 * room in the ring, since the start
 */
ser_status_t ser_application_run(void);

#endif
