/* SPDX-License-Identifier: MIT */
#include "task/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "concurrent/time.h"

/* A task with a plan is in an executor's slab. */
static struct fl_home *home_of(const filch_future *task)
{
    return (struct fl_home *)(uintptr_t)fl_report_home(task);
}

static filch_future *task_that_expires(struct fl_timer *timer)
{
    return fl_plan_task((
        struct fl_plan *)((uintptr_t)timer - offsetof(struct fl_plan, expiry)));
}

static bool hold_expiry(struct fl_timer *timer)
{
    (void)timer; /* it has a reference */
    return true;
}

static void expire(struct fl_timer *timer)
{
    filch_future *task = task_that_expires(timer);
    if (fl_task_claim(task))
        fl_task_fail(task, FILCH_EEXPIRED, NULL, false);
    fl_task_release(task);
}

static const struct fl_timer_kind expiry_kind = {hold_expiry, expire};

int fl_plan_init(filch_future *task, const struct filch_submit_options *options)
{
    struct fl_plan *plan = fl_task_plan(task);
    memset(plan, 0, sizeof *plan);
    plan->due.kind = home_of(task)->due_kind;
    plan->expiry.kind = &expiry_kind;
    plan->is_timed = options->not_before || options->period;
    plan->period = options->period;
    plan->start_by = options->start_by;
    plan->not_before = options->not_before;
    if (plan->period && !plan->not_before)
        plan->not_before = fl_time_now();
    if (options->result_bytes > FILCH_RESULT_MAX) {
        plan->result = calloc(1, options->result_bytes);
        if (!plan->result)
            return -ENOMEM;
        plan->result_bytes = options->result_bytes;
    }
    if (options->token) {
        plan->token = options->token;
        fl_token_retain(plan->token);
        fl_token_link(plan->token, plan);
    }
    return 0;
}

void fl_plan_free(filch_future *task)
{
    struct fl_plan *plan = fl_task_plan(task);
    free(plan->result);
    fl_token_release(plan->token);
}

int fl_plan_wait_for_time(filch_future *task)
{
    struct fl_plan *plan = fl_task_plan(task);
    return fl_timers_add(&home_of(task)->timers, &plan->due, plan->not_before);
}

void fl_plan_watch_start(filch_future *task)
{
    struct fl_plan *plan = fl_task_plan(task);
    fl_task_retain(task);
    int rc = fl_timers_add(&fl_timers_common, &plan->expiry, plan->start_by);
    /* Not added: then it expires when a worker comes to it. Not pending any
     * more: it may have left before it was added. */
    if (rc || (fl_task_phase(task) != FL_PENDING &&
                  fl_timers_remove(&fl_timers_common, &plan->expiry)))
        fl_task_release(task);
}

/* Ends a task that is not to start any more. */
static bool is_called_off(filch_future *task)
{
    struct fl_plan *plan = fl_task_plan(task);
    if (plan->token && fl_token_word(plan->token)) {
        fl_task_cancel(task);
        return true;
    }
    if (!plan->start_by || !fl_time_is_past(plan->start_by))
        return false;
    if (fl_task_claim(task))
        fl_task_fail(task, FILCH_EEXPIRED, NULL, false);
    return true;
}

bool fl_plan_claim(filch_future *task)
{
    return !is_called_off(task) && fl_task_claim(task);
}

void fl_plan_leave(filch_future *task)
{
    struct fl_plan *plan = fl_task_plan(task);
    if (plan->token)
        fl_token_unlink(plan->token, plan);
    if (plan->is_timed && fl_timers_remove(&home_of(task)->timers, &plan->due))
        fl_task_release(task);
    if (plan->start_by && fl_timers_remove(&fl_timers_common, &plan->expiry))
        fl_task_release(task);
}

bool fl_plan_repeats(const filch_future *task)
{
    const struct fl_plan *plan = fl_task_plan(task);
    /* relaxed: looked at again in fl_plan_repeat() [PLAN-last] */
    return plan->period && !load_relaxed(&plan->is_last);
}

/* The next time that is to come: those that have been missed are left out. */
static int64_t next_time(const struct fl_plan *plan)
{
    int64_t now = fl_time_now();
    int64_t late = now - plan->not_before;
    int64_t until = plan->period - (late < 0 ? 0 : late % plan->period);
    int64_t from = late < 0 ? plan->not_before : now;
    return until < FILCH_FOREVER - from ? from + until : FILCH_FOREVER;
}

/* Pending again: is there a reason to end it? It may have come up when nobody
 * could see to it. */
static bool is_over(filch_future *task, int rc)
{
    struct fl_plan *plan = fl_task_plan(task);
    return rc == FILCH_ESHUTDOWN || load_relaxed(&plan->is_last) ||
           (plan->token && fl_token_word(plan->token));
}

void fl_plan_repeat(filch_future *task)
{
    struct fl_plan *plan = fl_task_plan(task);
    plan->not_before = next_time(plan);
    fl_task_retain(task); /* the other one is the timer's from now on */
    fl_task_unclaim(task);
    fence_seq_cst(); /* pairs with the one in make_last [PLAN-last] */
    if (plan->token)
        fl_token_link(plan->token, plan);
    int rc = fl_plan_wait_for_time(task);
    if (is_over(task, rc))
        fl_task_cancel(task);
    else if (rc && fl_task_claim(task))
        fl_task_fail(task, rc, NULL, false);
    if (fl_task_is_final(task)) /* perhaps since before that */
        fl_plan_leave(task);
    if (rc)
        fl_task_release(task);
    fl_task_release(task);
}

bool fl_plan_make_last(filch_future *task)
{
    struct fl_plan *plan = fl_task_plan(task);
    store_relaxed(&plan->is_last, true);
    fence_seq_cst(); /* pairs with the one in repeat [PLAN-last] */
    return fl_task_phase(task) == FL_PENDING;
}
