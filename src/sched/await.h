/* SPDX-License-Identifier: MIT */
/* Waiting in a task, for futures of any executor: see README.md, [AWAIT]. */
#ifndef FL_SCHED_AWAIT_H
#define FL_SCHED_AWAIT_H

#include "task/strand.h"

/*
 * Any thread. The ways to wait in a task, in this order: claim one of the
 * tasks that has not started and run it here; poll for a moment; leave the
 * place to another worker and sleep. Outside of tasks: the last two, or, if
 * the pool has no threads, the first and the last.
 */

/* Any thread. Has it not started, and is it for this thread to run? In a task
 * of its pool, and anywhere if its pool has no threads. */
bool fl_await_may_run(filch_future *task);
/* Any thread. If so: claims the task and runs it here, unless there is little
 * stack left. True: it ran. */
bool fl_await_run(filch_future *task);

/* Any thread. Does it wait until somebody runs it, of those who wait? */
bool fl_await_is_threadless(filch_future *task);

/* Any thread. Is the task's executor one of the process before fork()? */
bool fl_await_came_through_fork(filch_future *task);

/* Any thread. Blocks until the task is final. 0, -ETIMEDOUT, -EDEADLK,
 * FILCH_EFORKED. */
int fl_await(filch_future *task, int64_t deadline);

/* The same, in a task, for a derived future: runs what that waits for. */
int fl_await_derived(filch_future *task, int64_t deadline);

/*
 * Any thread. Sleeps until the waiter has had more than `events`, in a task
 * leaving the place to another. `awaited`: all that can wake it; count 0:
 * others can, too. 0, -ETIMEDOUT, -EDEADLK.
 */
int fl_await_events(struct fl_waiter *waiter, uint32_t events,
    filch_future *const *awaited, size_t count, int64_t deadline);

#endif
