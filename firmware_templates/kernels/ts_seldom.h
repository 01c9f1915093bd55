/* Of functions that take next to none of an inference's time: compiled for size, whatever the rest is compiled for. */
#ifndef TS_SELDOM_H
#define TS_SELDOM_H

#ifdef __GNUC__
#define TS_SELDOM __attribute__((cold))
#else
#define TS_SELDOM
#endif

#endif
