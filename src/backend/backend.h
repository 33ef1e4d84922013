/* SPDX-License-Identifier: MIT */
/*
 * What a back end is to the executor: a table of operations. The executor
 * calls nothing else, and names no back end but to open one.
 */
#ifndef FL_BACKEND_BACKEND_H
#define FL_BACKEND_BACKEND_H

#include "task/task.h"

struct fl_home;

struct fl_backend {
    /* A future for the order in *task, unless NULL: 0, or why it is refused
     * (nothing has happened to the argument then). */
    int (*submit)(
        filch_executor *ex, const struct fl_order *order, filch_future **task);
    /* The same for `count` arguments: how many were accepted, the first ones;
     * *error says why not the next. */
    size_t (*submit_many)(filch_executor *ex, const struct fl_order *order,
        size_t stride, size_t count, filch_future **tasks, int *error);
    /* As filch_executor_shutdown(), arguments checked. */
    int (*shutdown)(filch_executor *ex, unsigned flags, int64_t deadline);
    /* As filch_executor_release(). */
    int (*release)(filch_executor *ex);
    int (*workers)(const filch_executor *ex);
    int (*threads)(const filch_executor *ex);
    size_t (*pending)(const filch_executor *ex);
    /* Whom its unread failures are told; NULL: nobody in particular. */
    struct fl_home *(*home)(const filch_executor *ex);
};

/* The first member of every back end's executor. */
struct filch_executor {
    const struct fl_backend *backend; /* immutable */
    bool is_default; /* immutable: the process's own, not to be closed */
};

#endif
