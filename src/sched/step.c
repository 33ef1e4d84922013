/* SPDX-License-Identifier: MIT */
#include "sched/step.h"

#include <errno.h>

#include "concurrent/time.h"
#include "sched/errand.h"
#include "sched/guest.h"
#include "sched/seat.h"
#include "task/plan.h"

/* A task out of the queue. True: it ran. */
static bool meet(
    struct fl_strand *strand, struct fl_pool *pool, filch_future *task)
{
    if (load_relaxed(&pool->control) &
        (FL_CONTROL_CANCEL | FL_CONTROL_BROKEN)) {
        fl_pool_discard(pool, task, 0);
        return false;
    }
    if (!fl_task_claim_to_run(task)) {
        fl_task_release(task);
        return false;
    }
    fl_guest_run_claimed(strand, pool, task, true);
    return true;
}

static bool run_next(struct fl_strand *strand, struct fl_pool *pool)
{
    void *task;
    bool emptied;
    while (fl_inbox_take(&pool->doors->inbox, &task, 1, &emptied))
        if (meet(strand, pool, task))
            return true;
    return false;
}

int fl_step(struct fl_pool *pool)
{
    struct fl_strand strand;
    if (!fl_guest_begin(&strand))
        return -ENOMEM;
    fetch_add_relaxed(&pool->live, FL_LIVE_GUEST);
    bool has_run = run_next(&strand, pool);
    fl_pool_drop_live(pool, FL_LIVE_GUEST); /* it may be gone now */
    fl_guest_end(&strand);
    return has_run;
}

int fl_step_for_room(struct fl_pool *pool)
{
    int rc = fl_step(pool);
    return rc < 0 ? rc : 0;
}

static bool is_over(const void *task)
{
    /* relaxed: what is not pending will never be */
    return fl_phase(load_relaxed(&((const filch_future *)task)->state)) !=
           FL_PENDING;
}

void fl_step_sweep(struct fl_pool *pool)
{
    void *task;
    while ((task = fl_inbox_take_if(&pool->doors->inbox, is_over)))
        fl_task_release(task);
}

/* With a share of live. 0: nothing waits any more; or -ETIMEDOUT. */
static int run_all(struct fl_pool *pool, int64_t deadline)
{
    struct fl_strand strand;
    int rc = 0;
    fl_step_sweep(pool);
    if (!fl_guest_begin(&strand))
        fl_pool_drain(pool, -ENOMEM);
    while (!rc && fl_pool_has_work(pool)) {
        if (fl_time_is_past(deadline))
            rc = -ETIMEDOUT;
        else
            run_next(&strand, pool);
    }
    fl_guest_end(&strand);
    return rc;
}

int fl_step_finish(struct fl_pool *pool, int64_t deadline,
    int (*wait_for_end)(struct fl_pool *pool, int64_t deadline))
{
    int rc = run_all(pool, deadline);
    if (!rc)
        rc = wait_for_end(pool, deadline);
    if (rc)
        return rc;
    fl_seat_stop_all(pool);
    return wait_for_end(pool, deadline); /* another one may be stopping some */
}

static bool is_left_to_do(struct fl_pool *pool)
{
    return fl_pool_has_work(pool) || load_relaxed(&pool->seats_started);
}

uint32_t fl_step_leave(struct fl_pool *pool, uint32_t unit)
{
    for (;;) {
        /* acquire: pairs with the release of the CAS below [POOL-last] */
        uint32_t live = load_acquire(&pool->live);
        if (live == unit && is_left_to_do(pool)) {
            (void)run_all(pool, FILCH_FOREVER);
            fl_seat_stop_all(pool);
            continue;
        }
        /* acq_rel: pairs with itself, by others [POOL-last] */
        if (cas_weak_acq_rel(&pool->live, &live, live - unit))
            return live - unit;
    }
}

static int call(struct fl_pool *pool, struct fl_errand *errand)
{
    struct fl_seat seat = fl_seat_take(pool);
    struct fl_run run = fl_guest_run_in(pool, seat.number);
    int rc = fl_seat_start(pool, run);
    if (!rc) {
        fl_strand_begin(fl_strand_current, &run);
        rc = errand->fn(run.position, errand->arg);
        fl_strand_end(fl_strand_current, &run);
        if (rc < 0)
            errand->message = fl_run_take_message(&run);
        fl_run_put_message(&run, NULL);
    }
    fl_seat_leave(pool, seat);
    return rc < 0 ? rc : 0;
}

int fl_step_visit(
    struct fl_pool *pool, struct fl_errand *errand, int64_t deadline)
{
    struct fl_strand strand;
    if (fl_time_is_past(deadline))
        return -ETIMEDOUT;
    if (!fl_guest_begin(&strand))
        return -ENOMEM;
    fetch_add_relaxed(&pool->live, FL_LIVE_GUEST);
    struct fl_strand *outer = fl_guest_enter(&strand, pool);
    int rc = call(pool, errand);
    fl_strand_current = outer;
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
    fl_guest_end(&strand);
    return rc;
}
