/* SPDX-License-Identifier: MIT */
#include <filch/executor.h>

#include <errno.h>
#include <limits.h>

#include "backend/backend.h"
#include "executor/options.h"
#include "task/plan.h"
#include "task/strand.h"

static int check(filch_executor *ex, const struct fl_order *order)
{
    return ex && order->fn && order->site &&
                   (unsigned)order->kind <= FILCH_FN_VOID
               ? 0
               : -EINVAL;
}

__attribute__((noinline)) static filch_future *refused(
    filch_executor *ex, const struct fl_order *order, int code)
{
    if (!ex)
        return fl_task_refused(order, code, NULL, NULL);
    char *message = code == FILCH_EBROKEN ? ex->backend->reason(ex) : NULL;
    return fl_task_refused(order, code, message, ex->backend->home(ex));
}

/* Of the task that submits this one. */
static inline struct filch_token *token_to_inherit(void)
{
    const struct fl_strand *strand = fl_strand_current;
    const struct fl_run *run = strand ? strand->innermost : NULL;
    return run && run->task ? fl_task_token(run->task) : NULL;
}

static filch_future *submit(filch_executor *ex, const struct fl_order *order)
{
    filch_future *task;
    int rc = check(ex, order);
    if (!rc)
        rc = ex->backend->submit(ex, order, &task);
    return rc ? refused(ex, order, rc) : task;
}

__attribute__((noinline)) static filch_future *submit_with_token(
    filch_executor *ex, struct fl_order order, struct filch_token *token)
{
    const struct filch_submit_options inherited = {.token = token};
    order.options = &inherited;
    return submit(ex, &order);
}

filch_future *filch_submit_call(filch_executor *ex, filch_any_fn fn,
    const char *site, enum filch_fn_kind kind, void *arg)
{
    struct fl_order order = {.fn = fn, .site = site, .kind = kind, .arg = arg};
    struct filch_token *token = token_to_inherit();
    return token ? submit_with_token(ex, order, token) : submit(ex, &order);
}

/* A refused task's argument has found its end. */
static int refuse(const struct fl_order *order, int code)
{
    if (order->options && order->options->arg_destroy)
        order->options->arg_destroy(order->arg);
    return code;
}

static bool are_bad(const struct filch_submit_options *options, const void *arg)
{
    return options->arg_bytes > PTRDIFF_MAX || (options->arg_bytes && !arg) ||
           options->result_bytes > PTRDIFF_MAX || options->period < 0 ||
           (options->period && options->start_by);
}

/* The token that the task is to have. A new one, for its deadline, is *made,
 * the caller's to release. */
static int settle_token(
    struct filch_submit_options *own, struct filch_token **made)
{
    if (!own->token)
        own->token = token_to_inherit();
    else if (own->token == FILCH_NO_TOKEN)
        own->token = NULL;
    if (!own->deadline)
        return 0;
    int rc = filch_token_open(made, own->token, own->deadline);
    own->token = *made;
    return rc;
}

/* The caller's options, in our version, into `own`; what is wrong with the
 * order. */
static int take_options(struct fl_order *order, filch_executor *ex,
    struct filch_submit_options *own,
    const struct filch_submit_options *options, size_t options_size,
    struct filch_token **made)
{
    *made = NULL;
    if (!options && !token_to_inherit())
        return check(ex, order);
    order->options = own;
    int rc = fl_options_copy(own, sizeof *own, options, options_size);
    if (rc)
        return rc;
    if (are_bad(own, order->arg))
        return -EINVAL;
    rc = check(ex, order);
    return rc ? rc : settle_token(own, made);
}

int filch_submit_call_with(filch_future **future, filch_executor *ex,
    filch_any_fn fn, const char *site, enum filch_fn_kind kind, void *arg,
    const struct filch_submit_options *options, size_t options_size)
{
    struct fl_order order = {.fn = fn, .site = site, .kind = kind, .arg = arg};
    struct filch_submit_options own;
    struct filch_token *made;
    int rc = take_options(&order, ex, &own, options, options_size, &made);
    if (!rc)
        rc = ex->backend->submit(ex, &order, future);
    fl_token_release(made);
    if (!rc)
        return 0;
    if (future)
        *future = NULL;
    return refuse(&order, rc);
}

/* One more task of a batch is refused. */
static void refuse_one(filch_executor *ex, const struct fl_order *order,
    filch_future **future, int code)
{
    if (future)
        *future = refused(ex, order, code);
    else
        refuse(order, code);
}

int filch_submit_call_many(filch_future **futures, filch_executor *ex,
    filch_any_fn fn, const char *site, enum filch_fn_kind kind, void *args,
    size_t stride, size_t count, const struct filch_submit_options *options,
    size_t options_size)
{
    struct fl_order order = {.fn = fn, .site = site, .kind = kind, .arg = args};
    struct filch_submit_options own;
    struct filch_token *made;
    size_t accepted = 0;
    if (!count)
        return 0;
    if (stride && count > PTRDIFF_MAX / stride)
        return -EINVAL; /* no such array: nothing to destroy either */
    int rc = take_options(&order, ex, &own, options, options_size, &made);
    if (!rc)
        accepted =
            ex->backend->submit_many(ex, &order, stride, count, futures, &rc);
    fl_token_release(made);
    for (size_t i = accepted; i < count; i++) {
        order.arg = (void *)((uintptr_t)args + i * stride);
        refuse_one(ex, &order, futures ? &futures[i] : NULL, rc);
    }
    return rc;
}
