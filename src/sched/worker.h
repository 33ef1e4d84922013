/* SPDX-License-Identifier: MIT */
/* A worker: one thread of a pool, its deque, its slabs, its sleep. */
#ifndef FL_SCHED_WORKER_H
#define FL_SCHED_WORKER_H

#include "concurrent/deque.h"
#include "concurrent/spin.h"
#include "platform/thread.h"
#include "sched/pool.h"
#include "task/strand.h"

struct fl_errand;

struct fl_worker {
    /* the worker only, or immutable after start */
    struct fl_pool *pool;
    struct fl_heap *heap;
    struct fl_strand strand;
    unsigned index;
    uint32_t random;
    uint32_t until_fair; /* tasks until it looks at the oldest first */
    unsigned blocking_depth;
    unsigned pauses;     /* see let_it_get_ahead() */
    unsigned run_length; /* tasks taken since the inbox was last dry */
    bool is_dry;
    int64_t crowded_since; /* more at work than places since then, or 0 */
    bool is_searching;     /* counted in pool->searching */
    struct fl_spin spin;
    struct fl_thread thread; /* start lock */
    bool is_joined;          /* registry lock, or the last one */

    alignas(FL_CACHE_LINE) _Atomic bool is_looking; /* see [WAKE-looking] */
    _Atomic(struct fl_errand *) errand; /* any thread, atomic: to be done */
    struct fl_deque deque;
    struct fl_deque forks; /* published records of the strand's region */
    alignas(FL_CACHE_LINE) struct fl_spot spot;
};

/* The calling thread's worker, or NULL. */
static inline struct fl_worker *fl_worker_here(void)
{
    struct fl_strand *strand = fl_strand_current;
    return strand ? strand->worker : NULL;
}

/* Under the start lock. Starts a thread that holds a place and searches. 0,
 * or a negative code. */
int fl_worker_start(struct fl_pool *pool);
/* Under the registry's lock, or the last one of the pool. Idempotent. */
void fl_worker_join(struct fl_worker *worker);
/* When its thread has been joined. */
void fl_worker_free(struct fl_worker *worker);
/* The worker, searching. Runs what there is until it is told to end. */
void fl_worker_run_all(struct fl_worker *worker);
/* The worker, searching. Gives its token back. */
void fl_worker_end_search(struct fl_worker *worker);
/* A run of the pool's in the worker. */
struct fl_run fl_worker_run(struct fl_worker *worker);
/* The worker, in a task. Runs another one that it has claimed. `owned`: the
 * reference of the queue is the worker's to give up. */
void fl_worker_run_claimed(
    struct fl_worker *worker, filch_future *task, bool owned);

/* The worker, in a task. Leaves its place to another; comes back. */
void fl_worker_leave_place(struct fl_worker *worker);
void fl_worker_take_place_back(struct fl_worker *worker);

#endif
