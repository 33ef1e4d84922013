/* SPDX-License-Identifier: MIT */
/*
 * Waiting for another thread's progress where there is no gate to wait at.
 * The deadline is generous: it tells a hang from a slow machine.
 */
#ifndef TESTS_PATIENCE_H
#define TESTS_PATIENCE_H

#include "feature.h"

#include <errno.h>
#include <filch.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE FILCH_S(60)

static inline void give_up(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: never happened: %s\n", file, line, what);
    abort();
}

/** Yields until @p condition holds; aborts when it never does. */
#define UNTIL(condition)                                                       \
    do {                                                                       \
        int64_t patience_end = filch_after(PATIENCE);                          \
        while (!(condition)) {                                                 \
            if (filch_now() > patience_end)                                    \
                give_up(#condition, __FILE__, __LINE__);                       \
            sched_yield();                                                     \
        }                                                                      \
    } while (0)

/** Aborts, in any build, unless @p condition holds. */
#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__,       \
                #condition);                                                   \
            abort();                                                           \
        }                                                                      \
    } while (0)

#endif
