/* SPDX-License-Identifier: MIT */
/* A crash: what a worker says when its stack has overflowed. */
#ifndef FL_SCHED_CRASH_H
#define FL_SCHED_CRASH_H

/* The worker, in a signal handler. A line on standard error. */
void fl_crash_tell(void);

#endif
