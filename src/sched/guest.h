/* SPDX-License-Identifier: MIT */
/* Guests: outside threads that run a task. */
#ifndef FL_SCHED_GUEST_H
#define FL_SCHED_GUEST_H

#include "task/strand.h"

struct fl_home;
struct fl_pool;

/* Any thread. A strand for it, unless it has one; between these two it may run
 * tasks of any pool. False: out of memory. */
bool fl_guest_begin(struct fl_strand *strand);
void fl_guest_end(struct fl_strand *strand);

/* The guest, with the handle. Runs a task that is in no queue, unless somebody
 * else is faster. The pool may be gone afterwards. */
void fl_guest_run(
    struct fl_strand *strand, struct fl_pool *pool, filch_future *task);

/* Any thread with a share in the home. Submits to the pool that it is the home
 * of, if that is still there. 0, or why not, as fl_pool_submit(). */
int fl_guest_submit(const struct fl_home *home, const struct fl_order *order,
    filch_future **future);

#endif
