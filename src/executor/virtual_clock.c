/* SPDX-License-Identifier: MIT */
#include <filch/virtual_clock.h>

#include <errno.h>

#include "concurrent/time.h"
#include "task/timekeeper.h"

int filch_virtual_clock_start(int64_t now)
{
    if (now <= 0 || now == FILCH_FOREVER)
        return -EINVAL;
    return fl_timekeeper_go_virtual(now);
}

int filch_virtual_clock_advance(int64_t duration_ns)
{
    if (duration_ns < 0 || !fl_time_is_virtual())
        return -EINVAL;
    int64_t until = filch_after(duration_ns);
    fl_timekeeper_advance(until == FILCH_FOREVER ? FILCH_FOREVER - 1 : until);
    return 0;
}

int filch_virtual_clock_stop(void)
{
    return fl_time_is_virtual() ? fl_timekeeper_go_real() : -EINVAL;
}
