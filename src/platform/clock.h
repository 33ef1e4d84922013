/* SPDX-License-Identifier: MIT */
/* Time: nanoseconds of CLOCK_MONOTONIC. */
#ifndef FL_PLATFORM_CLOCK_H
#define FL_PLATFORM_CLOCK_H

#include <stdint.h>

/* Any thread. Wait-free (no system call where there is a vDSO). */
int64_t fl_clock_now_ns(void);

#endif
