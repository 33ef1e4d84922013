/* SPDX-License-Identifier: MIT */
/* The thread that sees to timers: see timer.h. There is one while there are
 * executors that have used timers, or timers. */
#ifndef FL_TASK_TIMEKEEPER_H
#define FL_TASK_TIMEKEEPER_H

#include "task/timer.h"

/* Any thread. The heap's first timer is due at `due`. 0, or -EAGAIN: there is
 * no thread to see to it. */
int fl_timekeeper_tell(struct fl_timers *timers, int64_t due);
/* Any thread. The heap, closed and empty, is about to be freed. */
void fl_timekeeper_forget(struct fl_timers *timers);
/* The process is about to end, or the library to be unloaded. */
void fl_timekeeper_end(void);

/* Any thread, one at a time, while the time is virtual: moves it to `until`;
 * fires what is due on the way, in order. */
void fl_timekeeper_advance(int64_t until);
/* Any thread. Takes the time over. -EBUSY: there are timers in real time. */
int fl_timekeeper_go_virtual(int64_t now);
/* Any thread. Gives it back. 0, or -EAGAIN: no thread for what is left. */
int fl_timekeeper_go_real(void);

/* The only thread of a child of fork(): there is no timekeeper. */
void fl_timekeeper_forget_parent(void);

#endif
