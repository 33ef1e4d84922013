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
 * else is faster; gives up the reference that the queue would have. The pool
 * may be gone afterwards. */
void fl_guest_run(
    struct fl_strand *strand, struct fl_pool *pool, filch_future *task);
/* The guest, with a share of live. Runs a task that it has claimed. `owned`: it
 * has the queue's reference, to be given up. */
void fl_guest_run_claimed(struct fl_strand *strand, struct fl_pool *pool,
    filch_future *task, bool owned);

/* Any thread with a reference. May a guest run it that has not taken it out of
 * the queue? Not before its time. */
bool fl_guest_may_run(filch_future *task);

/* The guest. Its strand, if it has no other, is the current one, until that is
 * set back to what this returns. */
struct fl_strand *fl_guest_enter(
    struct fl_strand *strand, struct fl_pool *pool);
/* A run of the pool's with a number, see filch_ctx_worker(). */
struct fl_run fl_guest_run_in(struct fl_pool *pool, int number);

/* Any thread with a share in the home. Submits to the pool that it is the home
 * of, if that is still there. 0, or why not, as fl_pool_submit(). */
int fl_guest_submit(const struct fl_home *home, const struct fl_order *order,
    filch_future **future);

#endif
