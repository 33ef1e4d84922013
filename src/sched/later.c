/* SPDX-License-Identifier: MIT */
#include "sched/later.h"

#include <errno.h>

#include "task/plan.h"

static struct fl_pool *pool_of(const filch_future *task)
{
    return fl_report_home(task)->pool;
}

/* The pool is there: it closes its timers before it ends [LATER-pool]. */
static bool hold(struct fl_timer *timer)
{
    struct fl_pool *pool = pool_of(fl_plan_task_due(timer));
    fetch_add_relaxed(&pool->live, FL_LIVE_GUEST);
    return true;
}

/* 0, or why it is not queued. */
static int put_in_door(struct fl_pool *pool, filch_future *task)
{
    struct fl_door *door = &pool->doors[0];
    fl_lock_take(&door->inbox.lock);
    int rc = fl_pool_refusal(pool);
    if (!rc)
        rc = fl_inbox_push(&door->inbox, task);
    fl_lock_drop(&door->inbox.lock);
    return rc;
}

static void fire(struct fl_timer *timer)
{
    filch_future *task = fl_plan_task_due(timer);
    struct fl_pool *pool = pool_of(task);
    int rc = put_in_door(pool, task);
    if (rc) {
        fl_pool_discard(pool, task, rc == -ENOMEM ? rc : 0);
    } else {
        fence_seq_cst(); /* who parks sees the task, or we see who parks [PARK]
                          */
        fl_pool_notify(pool);
    }
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
}

const struct fl_timer_kind fl_later_kind = {hold, fire};

void fl_later_end(struct fl_pool *pool)
{
    struct fl_timers *timers = &pool->home->timers;
    struct fl_timer *timer;
    fl_timers_close(timers);
    while ((timer = fl_timers_take_any(timers))) {
        fl_pool_discard(pool, fl_plan_task_due(timer), 0);
        fl_pool_drop_live(pool, FL_LIVE_GUEST);
    }
}
