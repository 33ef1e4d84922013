/* SPDX-License-Identifier: MIT */
/* Time: nanoseconds of CLOCK_MONOTONIC. */
#ifndef FL_PLATFORM_CLOCK_H
#define FL_PLATFORM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Any thread. Wait-free (no system call where there is a vDSO). */
int64_t fl_clock_now_ns(void);

/* Any thread. Wait-free. Is it past (INT64_MAX: never)? */
static inline bool fl_clock_is_past(int64_t deadline)
{
    return deadline <= 0 ||
           (deadline != INT64_MAX && deadline <= fl_clock_now_ns());
}

#endif
