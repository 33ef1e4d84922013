/* SPDX-License-Identifier: MIT */
/* From any thread into fork and join. */
#include <filch/executor.h>
#include <filch/fork.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "task/strand.h"

/* A record on its way into an executor: the caller may give up before it has
 * run, if its wait would close a circle. */
struct parcel {
    alignas(FILCH_FORK_ALIGN) _Atomic int holders;
    alignas(FILCH_FORK_ALIGN) struct filch_fork_record record;
};

static void drop(void *arg)
{
    struct parcel *parcel = arg;
    /* acq_rel: the last one sees the end of the other */
    if (fetch_sub_acq_rel(&parcel->holders, 1) == 1)
        free(parcel);
}

static int run_parcel(filch_ctx *cx, void *arg, void *result)
{
    struct parcel *parcel = arg;
    (void)result;
    parcel->record.type->run(cx, &parcel->record);
    return 0;
}

static int send(filch_executor *ex, struct parcel *parcel)
{
    const char *site = parcel->record.type->site;
    const struct filch_submit_options options = {.arg_destroy = drop};
    filch_future *f;
    int rc = filch_submit_call_with(&f, ex, (filch_any_fn)run_parcel, site,
        FILCH_FN_TASK, parcel, &options, sizeof options);
    if (rc)
        return rc; /* the argument has been dropped */
    rc = filch_future_result(f, FILCH_FOREVER, NULL, 0);
    filch_future_release(f);
    return rc;
}

static int run_outside(filch_executor *ex, struct filch_fork_record *record)
{
    size_t bytes = record->type->bytes;
    struct parcel *parcel = aligned_alloc(
        FILCH_FORK_ALIGN, offsetof(struct parcel, record) + bytes);
    if (!parcel)
        return -ENOMEM;
    atomic_init(&parcel->holders, 2);
    memcpy(&parcel->record, record, bytes);
    int rc = send(ex, parcel);
    if (!rc)
        memcpy(record, &parcel->record, bytes);
    drop(parcel);
    return rc;
}

int filch_fork_run(filch_executor *ex, struct filch_fork_record *record)
{
    struct fl_strand *strand = fl_strand_current;
    if (!ex || !record || !record->type)
        return -EINVAL;
    if (!strand || !strand->innermost || strand->innermost->executor != ex)
        return run_outside(ex, record);
    record->type->run(fl_strand_position(strand), record);
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

static struct filch_fork_call make_call(filch_fork_fn *fn, void *frame)
{
    return (struct filch_fork_call){.head.type = &filch_fork_call_type,
        .u.args = {.frame = frame, .fn = fn}};
}

filch_ctx *filch_fork_call_slow(filch_ctx *cx, filch_fork_fn *fn, void *frame)
{
    const struct filch_fork_call call = make_call(fn, frame);
    return filch_fork_slow(cx, &call.head);
}

int filch_run(filch_executor *ex, filch_fork_fn *fn, void *frame)
{
    struct filch_fork_call call = make_call(fn, frame);
    if (!fn)
        return -EINVAL;
    int rc = filch_fork_run(ex, &call.head);
    return rc ? rc : call.u.result;
}
