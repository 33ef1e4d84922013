/* SPDX-License-Identifier: MIT */
#include <filch/future.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sched/await.h"
#include "sched/pool.h"
#include "task/hook.h"
#include "task/plan.h"

enum filch_state filch_future_state(const filch_future *f)
{
    return f ? (enum filch_state)fl_task_phase(f) : FILCH_FAILED;
}

const char *filch_state_name(enum filch_state state)
{
    static const char *const names[] = {
        "pending", "running", "done", "failed", "cancelled"};
    return (unsigned)state <= FILCH_CANCELLED ? names[state] : "?";
}

int filch_future_describe(const filch_future *f, char *line, size_t size)
{
    if (!f || (size && !line))
        return -EINVAL;
    enum filch_state state = filch_future_state(f);
    const char *where = fl_task_where(f);
    if (state != FILCH_FAILED)
        return snprintf(line, size, "%s: %s (%s)", fl_task_name(f),
            filch_state_name(state), where);
    int code = f->failure.code;
    const char *message = f->failure.message;
    return snprintf(line, size, "%s: failed, %s: %s (%s)", fl_task_name(f),
        filch_error_name(code), message ? message : filch_strerror(code),
        where);
}

/* Of a final future; 0 if it did not fail. */
static int failure_of(filch_future *f)
{
    switch (fl_task_phase(f)) {
    case FL_FAILED:
        /* relaxed: only the last release looks at it, after this thread's */
        fetch_or_relaxed(&f->state, FL_READ);
        return f->failure.code;
    case FL_CANCELLED:
        return -ECANCELED;
    default:
        return 0;
    }
}

__attribute__((noinline)) static int await_result(
    filch_future *f, int64_t deadline, void *result, size_t size)
{
    if (!f || (size && !result) ||
        (size > FILCH_RESULT_MAX && size > fl_task_result_bytes(f)))
        return -EINVAL;
    int rc = fl_await(f, deadline);
    if (!rc)
        rc = failure_of(f);
    if (!rc && size)
        memcpy(result, fl_task_result(f), size);
    return rc;
}

int filch_future_result(
    filch_future *f, int64_t deadline, void *result, size_t size)
{
    /* As it often is: a pointer, and it is there. */
    if (f && result && size == sizeof(uint64_t) && !(f->flags & FL_WIDE) &&
        fl_task_phase(f) == FL_DONE) {
        memcpy(result, f->result, sizeof(uint64_t));
        return 0;
    }
    return await_result(f, deadline, result, size);
}

int filch_future_failure(
    filch_future *f, int64_t deadline, struct filch_failure *failure)
{
    if (!f || !failure)
        return -EINVAL;
    int rc = fl_await(f, deadline);
    if (rc)
        return rc;
    rc = failure_of(f);
    if (fl_task_phase(f) == FL_FAILED)
        fl_task_failure(f, failure);
    return rc;
}

int filch_future_cancel(filch_future *f)
{
    if (!f)
        return -EINVAL;
    if (fl_await_came_through_fork(f))
        return FILCH_EFORKED;
    /* The state after: a callback may have given up the reference. */
    bool is_ours = fl_task_cancel(f);
    if (!is_ours && (f->flags & FL_WIDE) && fl_plan_make_last(f))
        is_ours = fl_task_cancel(f);
    return is_ours || fl_task_phase(f) == FL_CANCELLED;
}

int filch_future_help(filch_future *f)
{
    if (!f)
        return -EINVAL;
    if (fl_await_came_through_fork(f))
        return FILCH_EFORKED;
    return fl_await_run(f) || fl_pool_help(f);
}

int filch_future_on_done(filch_future *f, filch_callback *fn, void *arg)
{
    if (!f || !fn)
        return -EINVAL;
    if (fl_await_came_through_fork(f))
        return FILCH_EFORKED;
    return fl_hook_add_callback(f, fn, arg);
}

filch_future *filch_future_retain(filch_future *f)
{
    if (f)
        fl_task_retain(f);
    return f;
}

void filch_future_release(filch_future *f)
{
    if (f)
        fl_task_release(f);
}
