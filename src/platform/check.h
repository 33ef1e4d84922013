/* SPDX-License-Identifier: MIT */
/* Misuse that cannot be returned as an error: says what, and aborts. */
#ifndef FL_PLATFORM_CHECK_H
#define FL_PLATFORM_CHECK_H

#include <stdint.h>

/* Prints "filch: <function>: <what> (state <state>)" and aborts. */
_Noreturn void fl_check_failed(
    const char *function, const char *what, uint32_t state);

#define FL_CHECK(condition, state)                                             \
    ((condition) ? (void)0 : fl_check_failed(__func__, #condition, (state)))

/* A check that costs something: only in a debug build. */
#ifdef FILCH_DEBUG
#define FL_DEBUG_CHECK(condition, state) FL_CHECK(condition, state)
#else
#define FL_DEBUG_CHECK(condition, state) ((void)(0 && (condition)))
#endif

#endif
