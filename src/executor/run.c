/* SPDX-License-Identifier: MIT */
/* From any thread into fork and join. */
#include <filch/executor.h>
#include <filch/fork.h>

#include <errno.h>

#include "executor/run.h"
#include "sched/await.h"

/* For a run from outside of the executor's tasks. */
struct outside {
    struct filch_fork_record *record;
    char *message; /* the record has its outcome, and we do not know where */
};

static int run_record(filch_ctx *cx, void *arg, void *result)
{
    struct outside *outside = arg;
    (void)result;
    outside->record->type->run(cx, outside->record);
    outside->message = fl_run_take_message(fl_strand_current->innermost);
    return 0;
}

/* The argument is the caller's: if the wait closes a circle, and the task has
 * started, it is told, too, and will end. */
static int wait_until_over(filch_future *f)
{
    int rc;
    do
        rc = fl_await(f, FILCH_FOREVER);
    while (rc == -EDEADLK && !fl_task_cancel(f));
    return rc ? rc : filch_future_result(f, FILCH_POLL, NULL, 0);
}

int fl_run_as_task(
    filch_executor *ex, filch_task *task, const char *site, void *arg)
{
    filch_future *f =
        filch_submit_call(ex, (filch_any_fn)task, site, FILCH_FN_TASK, arg);
    int rc = wait_until_over(f);
    fl_strand_put_message(fl_message_copy(fl_task_message(f)));
    filch_future_release(f);
    return rc;
}

static int run_from_outside(
    filch_executor *ex, struct filch_fork_record *record)
{
    struct outside outside = {record, NULL};
    int rc = fl_run_as_task(ex, run_record, record->type->site, &outside);
    if (outside.message)
        fl_strand_put_message(outside.message);
    return rc;
}

int filch_fork_run(filch_executor *ex, struct filch_fork_record *record)
{
    struct fl_strand *strand = fl_strand_current;
    if (!ex || !record || !record->type)
        return -EINVAL;
    if (!strand || !strand->innermost || strand->innermost->executor != ex)
        return run_from_outside(ex, record);
    record->type->run(fl_region_top(strand->region), record);
    return 0;
}

_Static_assert(
    sizeof(struct filch_fork_call) % FILCH_FORK_ALIGN == 0, "a record");

static void run_call(filch_ctx *cx, struct filch_fork_record *record)
{
    struct filch_fork_call *call = (struct filch_fork_call *)(void *)record;
    call->u.result = call->u.args.fn(cx, call->u.args.frame);
}

const struct filch_fork_type filch_fork_call_type = {
    run_call, "fork\0", sizeof(struct filch_fork_call)};

int filch_run(filch_executor *ex, filch_fork_fn *fn, void *frame)
{
    struct filch_fork_call call = {.head.type = &filch_fork_call_type,
        .u.args = {.frame = frame, .fn = fn}};
    if (!fn)
        return -EINVAL;
    int rc = filch_fork_run(ex, &call.head);
    return rc ? rc : call.u.result;
}
