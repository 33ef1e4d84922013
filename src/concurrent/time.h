/* SPDX-License-Identifier: MIT */
/*
 * The time that deadlines are in: that of platform/clock.h, unless a test has
 * taken it over. It then moves by steps, and whoever sleeps until a deadline
 * looks at it now and then.
 */
#ifndef FL_CONCURRENT_TIME_H
#define FL_CONCURRENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Any thread. Wait-free. In nanoseconds, above 0. */
int64_t fl_time_now(void);
/* Any thread. Wait-free. Does it only move by fl_time_set()? */
bool fl_time_is_virtual(void);
/* Any thread, one at a time. It is `now` from now on; 0: real again. */
void fl_time_set(int64_t now);

/* Any thread. Wait-free. Is it past (INT64_MAX: never)? */
static inline bool fl_time_is_past(int64_t deadline)
{
    return deadline <= 0 ||
           (deadline != INT64_MAX && deadline <= fl_time_now());
}

/* Any thread. Blocks as fl_futex_wait() does. 0, or -ETIMEDOUT. */
int fl_time_wait(const void *word, uint32_t expected, int64_t deadline);

#endif
