/* SPDX-License-Identifier: MIT */
/**
 * @file virtual_clock.h
 * For tests: a time that only moves when it is told to, so that a timeout of
 * an hour takes no time. It is the process's: filch_now(), all deadlines and
 * all timers of filch go by it.
 */
#ifndef FILCH_VIRTUAL_CLOCK_H
#define FILCH_VIRTUAL_CLOCK_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Any thread. From now on it is @p now, and stays so.
 * @return 0; -EINVAL: @p now is not above 0, or no time; -EBUSY: it has been
 *         started, or there are timers in real time
 */
FILCH_API int filch_virtual_clock_start(int64_t now);

/**
 * Any thread, one at a time, not in what fires. The time moves on by
 * @p duration_ns. What becomes due on the way happens in the order of its
 * time, and here: tasks are queued, tokens cancelled, with the callbacks of
 * that, before this returns. A wait whose deadline has passed ends a moment
 * later.
 * @return 0; -EINVAL: not started, or a negative duration
 */
FILCH_API int filch_virtual_clock_advance(int64_t duration_ns);

/** Any thread. The time is real again, from now on, for what is left. 0;
 * -EINVAL: not started; -EAGAIN: no thread to watch what is left. */
FILCH_API int filch_virtual_clock_stop(void);

#ifdef __cplusplus
}
#endif
#endif
