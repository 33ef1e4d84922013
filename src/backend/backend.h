/* SPDX-License-Identifier: MIT */
/*
 * What a back end is to the executor: a table of operations. The executor
 * calls nothing else, and names no back end but to open one. Executors without
 * threads are of the same back end as those with: ../sched/README.md, [STEP].
 */
#ifndef FL_BACKEND_BACKEND_H
#define FL_BACKEND_BACKEND_H

#include <filch/worker.h>

#include "task/task.h"

struct fl_home;

struct fl_backend {
    /* A task; *future, unless NULL, is set before it can start. 0, or why not
     * (nothing has happened to its argument; *future is anything). */
    int (*submit)(filch_executor *ex, const struct fl_order *order,
        filch_future **future);
    /* The same for each of `count` arguments, `stride` apart. How many were
     * accepted, the first ones; *error says why not the next, or is 0. */
    size_t (*submit_many)(filch_executor *ex, const struct fl_order *order,
        size_t stride, size_t count, filch_future **futures, int *error);
    /* As filch_executor_shutdown(), arguments checked. */
    int (*shutdown)(filch_executor *ex, unsigned flags, int64_t deadline);
    /* As filch_for_each_worker(), arguments checked. */
    int (*each_worker)(
        filch_executor *ex, filch_worker_fn *fn, void *arg, int64_t deadline);
    /* As filch_executor_release(). */
    int (*release)(filch_executor *ex);
    /* As filch_step(). */
    int (*step)(filch_executor *ex);
    int (*workers)(const filch_executor *ex);
    int (*threads)(const filch_executor *ex);
    size_t (*pending)(const filch_executor *ex);
    /* Why it is broken: an allocated string, or NULL. */
    char *(*reason)(filch_executor *ex);
    /* Whom its unread failures are told; NULL: nobody in particular. */
    struct fl_home *(*home)(const filch_executor *ex);
};

/* The first member of every back end's executor. */
struct filch_executor {
    const struct fl_backend *backend; /* immutable */
    bool is_default;       /* immutable: the process's own, not to be closed */
    unsigned most_threads; /* immutable: filch_ctx_worker() is less */
};

#endif
