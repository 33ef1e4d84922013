/* SPDX-License-Identifier: MIT */
#include "sched/guest.h"

#include <errno.h>

#include "concurrent/time.h"
#include "platform/process.h"
#include "sched/registry.h"
#include "sched/seat.h"
#include "sched/step.h"
#include "sched/worker.h"
#include "task/plan.h"

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

struct fl_strand *fl_guest_enter(struct fl_strand *strand, struct fl_pool *pool)
{
    struct fl_strand *outer = fl_strand_current;
    strand->pool = pool;
    if (!outer)
        fl_strand_current = strand;
    return outer;
}

struct fl_run fl_guest_run_in(struct fl_pool *pool, int number)
{
    return (struct fl_run){.executor = pool->setup.executor,
        .control = &pool->control,
        .worker = number};
}

/* Of a pool without threads. */
static void run_in_seat(struct fl_pool *pool, filch_future *task, bool owned)
{
    struct fl_seat seat = fl_seat_take(pool);
    struct fl_run run = fl_guest_run_in(pool, seat.number);
    if (fl_seat_start(pool, run))
        fl_task_fail(task, FILCH_EBROKEN, fl_pool_reason(pool), owned);
    else
        fl_strand_run(fl_strand_current, &run, task, owned);
    fl_seat_leave(pool, seat);
}

/* In a task of another pool it runs on top of that. */
void fl_guest_run_claimed(struct fl_strand *strand, struct fl_pool *pool,
    filch_future *task, bool owned)
{
    struct fl_strand *outer = fl_guest_enter(strand, pool);
    struct fl_run run = fl_guest_run_in(pool, -1);
    if (fl_pool_is_threadless(pool))
        run_in_seat(pool, task, owned);
    else
        fl_strand_run(fl_strand_current, &run, task, owned);
    fl_strand_current = outer;
}

void fl_guest_run(
    struct fl_strand *strand, struct fl_pool *pool, filch_future *task)
{
    fetch_add_relaxed(&pool->live, FL_LIVE_GUEST);
    if (fl_task_claim_to_run(task))
        fl_guest_run_claimed(strand, pool, task, true);
    else
        fl_task_release(task);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
}

bool fl_guest_may_run(filch_future *task)
{
    return !fl_task_is_timed(task) || (fl_report_home(task)->is_threadless &&
                                          fl_time_is_past(fl_task_time(task)));
}

/* `strand`: NULL if there is no memory for one. */
static bool help(struct fl_strand *strand, filch_future *task)
{
    struct fl_pool *pool = fl_registry_enter(task);
    if (!pool)
        return false;
    bool is_ours = fl_task_claim_to_run(task);
    if (is_ours && strand)
        fl_guest_run_claimed(strand, pool, task, false);
    else if (is_ours)
        fl_task_fail(task, -ENOMEM, NULL, false);
    if (fl_pool_is_threadless(pool))
        fl_step_sweep(pool);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
    return is_ours;
}

bool fl_pool_help(filch_future *task)
{
    struct fl_strand strand;
    if (!fl_task_is_startable(task) || !fl_guest_may_run(task))
        return false;
    bool can_run = fl_guest_begin(&strand);
    bool is_ours = (can_run || fl_report_home(task)->is_threadless) &&
                   help(can_run ? &strand : NULL, task);
    fl_guest_end(&strand);
    return is_ours;
}

int fl_guest_submit(const struct fl_home *home, const struct fl_order *order,
    filch_future **future)
{
    struct fl_worker *worker = fl_worker_here();
    if (worker && worker->pool->home == home)
        return fl_pool_submit(worker->pool, order, future);
    if (home->generation != fl_process_generation())
        return FILCH_EFORKED;
    struct fl_pool *pool = fl_registry_enter_home(home);
    if (!pool)
        return FILCH_ESHUTDOWN;
    int rc = fl_pool_submit(pool, order, future);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
    return rc;
}
