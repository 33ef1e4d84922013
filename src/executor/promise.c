/* SPDX-License-Identifier: MIT */
/* Promises: the handle is its future, with a reference of its own. */
#include <filch/promise.h>

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "executor/options.h"
#include "sched/await.h"
#include "task/message.h"
#include "task/promise.h"

static filch_future *future_of(filch_promise *p)
{
    return (filch_future *)(void *)p;
}

int filch_promise_call_open(filch_promise **p, filch_future **f,
    filch_executor *ex, const char *site,
    const struct filch_promise_options *options, size_t size)
{
    struct filch_promise_options own;
    if (p)
        *p = NULL;
    if (f)
        *f = NULL;
    if (!p || !site)
        return -EINVAL;
    int rc = fl_options_copy(&own, sizeof own, options, size);
    if (rc)
        return rc;
    filch_future *promise =
        fl_promise_new(&(struct fl_promise_order){.site = site,
            .name = own.name,
            .home = ex ? ex->backend->home(ex) : NULL,
            .references = f ? 2 : 1});
    *p = (filch_promise *)(void *)promise;
    if (f)
        *f = promise;
    return promise ? 0 : -ENOMEM;
}

static int check(filch_promise *p)
{
    if (!p)
        return -EINVAL;
    return fl_await_came_through_fork(future_of(p)) ? FILCH_EFORKED : 0;
}

int filch_promise_start(filch_promise *p)
{
    int rc = check(p);
    return rc ? rc : fl_promise_start(future_of(p));
}

int filch_promise_set(filch_promise *p, const void *result, size_t size)
{
    int rc = check(p);
    if (size > FILCH_RESULT_MAX || (size && !result))
        rc = -EINVAL;
    if (!rc)
        rc = fl_promise_take(future_of(p));
    if (!rc)
        fl_promise_done(future_of(p), result, size);
    return rc;
}

int filch_promise_fail(filch_promise *p, int code, const char *format, ...)
{
    va_list args;
    int rc = check(p);
    if (!rc)
        rc = fl_promise_take(future_of(p));
    if (rc)
        return rc;
    va_start(args, format);
    char *message = fl_message_new(NULL, format, args);
    va_end(args);
    fl_promise_fail(future_of(p), code < 0 ? code : -EINVAL, message);
    return 0;
}

void filch_promise_close(filch_promise *p)
{
    if (!p)
        return;
    if (!check(p) && !fl_promise_take(future_of(p)))
        fl_promise_fail(future_of(p), FILCH_ELOST, NULL);
    fl_task_release(future_of(p));
}
