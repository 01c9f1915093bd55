/** @file
 * The application: hears sound, sleeps in between, and prints what it makes of it. */
#ifndef SER_APPLICATION_H
#define SER_APPLICATION_H

#include "ser_status.h"

/** Plays the recording in flash as a stream, in real time: every millisecond an interrupt delivers its samples. Prints
 * a line after each inference and where silence begins or ends: seconds of sound since the start, the decision,
 * smoothed posteriors, the longest time in ms that a piece of sound of up to a hop took since the last line, without an
 * inference (features) and with one, and samples that found no room in the ring since the start.
 *
 * Where SER_REPORT_JSON is defined a line is a JSON object with seconds, decision, posteriors, features_ms,
 * inference_ms and lost_samples; null where there is no decision, no posterior (before the first, and in silence) or no
 * time.
 *
 * Answers what is typed on the console, a line at a time and between two pieces of sound: `stats` prints the sound
 * heard and the longest times since the start, `selftest` calls the function that is given, after which the stream
 * begins anew, anything else prints these commands.
 * @param selftest returns 0 where all is as expected
 * @return SER_OK, or what went wrong, after the last sample */
ser_status_t ser_application_run(int (*selftest)(void));

/** After that, and for ever: answers what is typed.
 * @param selftest as in ser_application_run */
void ser_application_answer(int (*selftest)(void));

#endif
