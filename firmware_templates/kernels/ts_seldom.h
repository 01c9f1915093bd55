/** @file
 * Functions that take next to none of an inference's time: compiled for size, whatever the rest is compiled for. */
#ifndef TS_SELDOM_H
#define TS_SELDOM_H

/** @def TS_SELDOM
 * Stands before such a function. */
#ifdef __GNUC__
#define TS_SELDOM __attribute__((cold))
#else
#define TS_SELDOM
#endif

/** The same where `often`, a macro of what the model needs, is 0. */
#define TS_UNLESS(often) TS_UNLESS_(often)
#define TS_UNLESS_(often) TS_UNLESS_##often /**< once `often` is replaced by its value */
#define TS_UNLESS_0 TS_SELDOM               /**< what is called seldom */
#define TS_UNLESS_1                         /**< what is called often */

#endif
