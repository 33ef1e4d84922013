/* SPDX-License-Identifier: MIT */
/* A pool without threads: whoever steps it, or waits, runs its tasks. See
 * README.md, [STEP]. */
#ifndef FL_SCHED_STEP_H
#define FL_SCHED_STEP_H

#include "sched/pool.h"

struct fl_errand;

/* Any thread with the handle. Runs the next task that waits. 1: it did; 0:
 * there is none; -ENOMEM. */
int fl_step(struct fl_pool *pool);
/* A submitter that found no room. 0: look again; -ENOMEM. */
int fl_step_for_room(struct fl_pool *pool);
/* Any thread with a share of live. Entries at the head of the queue that were
 * claimed or cancelled are not counted any more. */
void fl_step_sweep(struct fl_pool *pool);
/* Any thread with the handle, after the shutdown has begun. Runs all that
 * waits, and then what was to be done at the end. 0, or -ETIMEDOUT. */
int fl_step_finish(struct fl_pool *pool, int64_t deadline,
    int (*wait_for_end)(struct fl_pool *pool, int64_t deadline));
/* Gives a share of live up; the last one does what is left to be done. What
 * remains of live. */
uint32_t fl_step_leave(struct fl_pool *pool, uint32_t unit);
/* As fl_errand_send(), in this thread. */
int fl_step_visit(
    struct fl_pool *pool, struct fl_errand *errand, int64_t deadline);

#endif
