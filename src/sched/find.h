/* SPDX-License-Identifier: MIT */
/* How a worker finds its next task: see README.md, "The worker". */
#ifndef FL_SCHED_FIND_H
#define FL_SCHED_FIND_H

#include "sched/worker.h"

/* Every so many tasks a worker looks first where it otherwise looks last. */
enum { FL_FAIRNESS = 61 };

/* The worker. A task from outside; NULL: none. */
filch_future *fl_find_in_doors(struct fl_worker *worker);
/* The worker. What waits longest: from outside, or in its own deque. */
filch_future *fl_find_oldest(struct fl_worker *worker);
/* An errand, a task, or a fork of another worker; or nothing. */
struct fl_found {
    struct fl_errand *errand;
    filch_future *task;
    struct fl_record *fork;
};
static inline bool fl_is_found(struct fl_found found)
{
    return found.task || found.fork || found.errand;
}
/* The worker. One look everywhere, at other workers, too. */
struct fl_found fl_find_anywhere(struct fl_worker *worker);

/* The worker. The next task that is its own, or comes from outside. */
static inline filch_future *fl_find_nearby(struct fl_worker *worker)
{
    if (--worker->until_fair == 0) {
        worker->until_fair = FL_FAIRNESS;
        return fl_find_oldest(worker);
    }
    filch_future *task = fl_deque_take(&worker->deque);
    return task ? task : fl_find_in_doors(worker);
}

#endif
