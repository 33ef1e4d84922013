/* SPDX-License-Identifier: MIT */
/* What each worker is to do once: see README.md, [ERRAND]. */
#ifndef FL_SCHED_ERRAND_H
#define FL_SCHED_ERRAND_H

#include "sched/worker.h"

struct fl_errand {
    int (*fn)(filch_ctx *cx, void *arg); /* immutable */
    void *arg;                           /* immutable */
    _Atomic uint32_t left;               /* workers that have not done it */
    struct fl_lock lock;
    unsigned worker; /* under the lock: the first one that failed, and why */
    int code;
    char *message; /* owned */
};

/* As filch_for_each_worker(). The message is the caller's afterwards. */
int fl_errand_send(
    struct fl_pool *pool, struct fl_errand *errand, int64_t deadline);

/* The worker. Wait-free. Is there something for it to do? Seen before it
 * sleeps, at the latest [ERRAND]. */
static inline bool fl_errand_is_there(struct fl_worker *worker)
{
    return load_relaxed(&worker->errand) != NULL;
}
struct fl_errand *fl_errand_take_slow(struct fl_worker *worker);
/* The worker. What it is to do, or NULL. */
static inline struct fl_errand *fl_errand_take(struct fl_worker *worker)
{
    return fl_errand_is_there(worker) ? fl_errand_take_slow(worker) : NULL;
}
/* The worker, not searching. Does it. */
void fl_errand_run(struct fl_worker *worker, struct fl_errand *errand);
/* The worker, about to end: takes no more. */
void fl_errand_close(struct fl_worker *worker);

#endif
