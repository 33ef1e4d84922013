/* SPDX-License-Identifier: MIT */
#include "concurrent/time.h"

#include <errno.h>

#include "concurrent/atomic.h"
#include "platform/clock.h"
#include "platform/futex.h"

/* How long a sleeper does not look at a virtual time. */
enum { LOOK_NS = 500000 };

static _Atomic int64_t virtual_now; /* 0: the time is real */

/* relaxed, here and below: a clock orders nothing */
int64_t fl_time_now(void)
{
    int64_t now = load_relaxed(&virtual_now);
    return now ? now : fl_clock_now_ns();
}

bool fl_time_is_virtual(void)
{
    return load_relaxed(&virtual_now) != 0;
}

void fl_time_set(int64_t now)
{
    store_relaxed(&virtual_now, now);
}

int fl_time_wait(const void *word, uint32_t expected, int64_t deadline)
{
    if (deadline == INT64_MAX || !fl_time_is_virtual())
        return fl_futex_wait(word, expected, deadline);
    (void)fl_futex_wait(word, expected, fl_clock_now_ns() + LOOK_NS);
    return fl_time_is_past(deadline) ? -ETIMEDOUT : 0;
}
