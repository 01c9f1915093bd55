/** @file
 * The decision on the board's LEDs. */
#ifndef SER_LEDS_H
#define SER_LEDS_H

#include <stddef.h>
#include <stdint.h>

/** Which LEDs are lit while a label is the decision.
 * @param label an index of a label of the model; any other, such as that of silence, is shown by darkness
 * @param milliseconds of a clock that runs on; flashes are 200 ms of light, 200 ms apart, and 1 s of darkness ends them
 * @return a bit for each LED, in the order of the board's description; for an LED of three colours red, green, blue */
uint32_t ser_leds_lit(size_t label, uint32_t milliseconds);

#endif
