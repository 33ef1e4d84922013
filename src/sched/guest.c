/* SPDX-License-Identifier: MIT */
/* Guests: outside threads that run a task. */
#include "sched/fork.h"
#include "sched/registry.h"
#include "task/strand.h"

static void run_as_guest(struct fl_pool *pool, filch_future *task)
{
    struct fl_strand *outer = fl_strand_current;
    struct fl_strand strand = {.pool = pool};
    struct fl_run run = {.executor = pool->setup.executor,
        .control = &pool->control,
        .worker = -1};
    if (!outer)
        fl_strand_current = &strand;
    fl_strand_run(fl_strand_current, &run, task, false);
    fl_strand_current = outer;
    fl_fork_free(&strand);
}

void fl_pool_run_here(struct fl_pool *pool, filch_future *task)
{
    fetch_add_relaxed(&pool->live, FL_LIVE_GUEST);
    if (fl_task_claim(task))
        run_as_guest(pool, task);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
}

bool fl_pool_help(filch_future *task)
{
    struct fl_pool *pool = fl_registry_enter(task);
    if (!pool)
        return false;
    bool is_ours = fl_task_claim(task);
    if (is_ours)
        run_as_guest(pool, task);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
    return is_ours;
}
