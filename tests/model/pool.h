/* SPDX-License-Identifier: MIT */
/* For scenes with a whole pool: it is opened, gets tasks, and is closed. */
#ifndef MODEL_POOL_H
#define MODEL_POOL_H

#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "sched/await.h"
#include "sched/pool.h"
#include "task/strand.h"

static struct fl_pool *pool;
static int runs; /* plainly: by the task, then by whoever waited for it */
static int runs_2;
static int was_freed;

static void free_pool(struct fl_pool *gone)
{
    was_freed++;
    free(gone);
}

static inline void begin_pool(struct filch_config config)
{
    struct fl_pool_setup setup = {.config = config};
    setup.config.stack_bytes = 1;
    if (!setup.config.queue_limit)
        setup.config.queue_limit = FILCH_UNBOUNDED;
    runs = runs_2 = was_freed = 0;
    pool = aligned_alloc(FL_CACHE_LINE, sizeof *pool);
    memset(pool, 0, sizeof *pool);
    MODEL_MUST(fl_pool_open(pool, &setup, free_pool) == 0);
}

static inline void begin_one(void)
{
    begin_pool((struct filch_config){.workers = 1});
}
static inline void begin_two(void)
{
    begin_pool((struct filch_config){.workers = 2});
}

static inline void end(void)
{
    MODEL_MUST(was_freed == 1);
}

/* Of several players, the last one closes. */
static _Atomic int submitters;

static inline void close_pool(void)
{
    MODEL_MUST(fl_pool_shutdown(pool, FILCH_FINISH, INT64_MAX) == 0);
    fl_pool_release(pool);
}

static inline void leave(void)
{
    if (fetch_sub_acq_rel(&submitters, 1) == 1)
        close_pool();
}

static inline int count(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    ++*(int *)arg;
    return 0;
}

static inline int try_submit(filch_future **f, filch_task *fn, void *arg)
{
    const struct fl_order order = {.fn = (filch_any_fn)fn,
        .site = "task\0pool.c:1",
        .kind = FILCH_FN_TASK,
        .arg = arg};
    return fl_pool_submit(pool, &order, f);
}

static inline filch_future *submit(filch_task *fn, void *arg)
{
    filch_future *f = NULL;
    MODEL_MUST(try_submit(&f, fn, arg) == 0);
    return f;
}

static inline void wait_for(filch_future *f, const int *counter)
{
    MODEL_MUST(fl_await(f, INT64_MAX) == 0);
    MODEL_MUST(fl_task_phase(f) == FL_DONE && *counter == 1);
    fl_task_release(f);
}

#endif
