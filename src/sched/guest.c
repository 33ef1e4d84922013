/* SPDX-License-Identifier: MIT */
#include "sched/guest.h"

#include "sched/registry.h"

bool fl_guest_begin(struct fl_strand *strand)
{
    *strand = (struct fl_strand){.region = NULL};
    if (!fl_strand_current)
        strand->region = fl_region_borrow();
    return fl_strand_current || strand->region;
}

void fl_guest_end(struct fl_strand *strand)
{
    if (strand->region)
        fl_region_return(strand->region);
}

/* In a task of another pool it runs on top of that. */
static void run_claimed(
    struct fl_strand *strand, struct fl_pool *pool, filch_future *task)
{
    struct fl_strand *outer = fl_strand_current;
    struct fl_run run = {.executor = pool->setup.executor,
        .control = &pool->control,
        .worker = -1};
    strand->pool = pool;
    if (!outer)
        fl_strand_current = strand;
    fl_strand_run(fl_strand_current, &run, task, false);
    fl_strand_current = outer;
}

void fl_guest_run(
    struct fl_strand *strand, struct fl_pool *pool, filch_future *task)
{
    fetch_add_relaxed(&pool->live, FL_LIVE_GUEST);
    if (fl_task_claim_to_run(task))
        run_claimed(strand, pool, task);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
}

static bool help(struct fl_strand *strand, filch_future *task)
{
    struct fl_pool *pool = fl_registry_enter(task);
    if (!pool)
        return false;
    bool is_ours = fl_task_claim_to_run(task);
    if (is_ours)
        run_claimed(strand, pool, task);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
    return is_ours;
}

bool fl_pool_help(filch_future *task)
{
    struct fl_strand strand;
    if (fl_task_is_timed(task) || !fl_guest_begin(&strand))
        return false;
    bool is_ours = help(&strand, task);
    fl_guest_end(&strand);
    return is_ours;
}
