/* SPDX-License-Identifier: MIT */
/*
 * Everybody who finds it not done brings a task. The first of these does it;
 * the others wait for that one, as tasks do, so that circles are found.
 */
#include <filch/once.h>

#include <errno.h>

#include "concurrent/lock.h"
#include "executor/run.h"
#include "sched/await.h"

/* As struct filch_once_flag. */
struct once {
    _Atomic uint32_t done; /* lock holder writes, any thread reads */
    struct fl_lock lock;
    filch_future *running; /* under the lock */
};

struct call {
    struct once *once;
    filch_fork_fn *fn;
    void *arg;
};

static bool is_done(struct once *once)
{
    /* acquire: pairs with end() */
    return load_acquire(&once->done);
}

/* Makes this task the one that does it. Else the one that does, with a
 * reference; NULL: it is this one, or it is done. */
static filch_future *begin(struct once *once, filch_future *task)
{
    fl_lock_take(&once->lock);
    filch_future *other = once->running;
    if (other)
        fl_task_retain(other);
    else
        once->running = task;
    fl_lock_drop(&once->lock);
    return other;
}

static void end(struct once *once, int rc)
{
    fl_lock_take(&once->lock);
    once->running = NULL;
    if (rc >= 0) /* release: with all that was done; pairs with is_done() */
        store_release(&once->done, 1);
    fl_lock_drop(&once->lock);
}

static int join(filch_future *other)
{
    int rc = fl_await(other, FILCH_FOREVER);
    if (!rc)
        rc = filch_future_result(other, FILCH_POLL, NULL, 0);
    fl_strand_put_message(fl_message_copy(fl_task_message(other)));
    fl_task_release(other);
    return rc;
}

static int run_call(filch_ctx *cx, void *arg, void *result)
{
    const struct call *call = arg;
    int rc = 0;
    (void)result;
    filch_future *other = begin(call->once, fl_strand_current->innermost->task);
    if (other)
        return join(other);
    if (!is_done(call->once))
        rc = call->fn(cx, call->arg);
    end(call->once, rc);
    return rc < 0 ? rc : 0;
}

int filch_once(struct filch_once_flag *once, filch_executor *ex,
    filch_fork_fn *fn, void *arg)
{
    struct call call = {(struct once *)(void *)once, fn, arg};
    if (!once || !ex || !fn)
        return -EINVAL;
    if (is_done(call.once))
        return 0;
    return fl_run_as_task(ex, run_call, "filch_once\0", &call);
}

_Static_assert(sizeof(struct once) == sizeof(struct filch_once_flag) &&
                   offsetof(struct once, running) ==
                       offsetof(struct filch_once_flag, running),
    "as the public header has them");
