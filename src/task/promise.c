/* SPDX-License-Identifier: MIT */
#include "task/promise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(FL_BIG_TASK_BYTES % FL_CACHE_LINE == 0, "whole lines");

filch_future *fl_promise_new(const struct fl_promise_order *order)
{
    size_t bytes = order->bytes ? order->bytes : FL_BIG_TASK_BYTES;
    bytes = (bytes + FL_CACHE_LINE - 1) & ~(size_t)(FL_CACHE_LINE - 1);
    filch_future *promise = bytes ? aligned_alloc(FL_CACHE_LINE, bytes) : NULL;
    if (!promise)
        return NULL;
    memset(promise, 0, FL_BIG_TASK_BYTES);
    promise->site = order->site;
    promise->flags = FL_PROMISED;
    fl_task_make_stray(promise, order->home);
    if (order->name) {
        promise->flags |= FL_NAMED;
        fl_task_extra(promise)->name = order->name;
    }
    atomic_init(&promise->state, FL_PENDING | order->references * FL_REFERENCE);
    return promise;
}

void fl_promise_free(filch_future *promise)
{
    free(promise);
}

int fl_promise_start(filch_future *promise)
{
    if (fl_task_claim(promise))
        return 1;
    return fl_task_phase(promise) == FL_CANCELLED ? 0 : -EALREADY;
}

int fl_promise_take(filch_future *promise)
{
    (void)fl_task_claim(promise);
    if (fl_task_phase(promise) == FL_CANCELLED)
        return -ECANCELED;
    /* relaxed: only one gets it, and publishes by the end of the task */
    return fetch_or_relaxed(&fl_task_extra(promise)->stray.is_taken, 1)
               ? -EALREADY
               : 0;
}

void fl_promise_done(filch_future *promise, const void *result, size_t size)
{
    memset(promise->result, 0, sizeof promise->result);
    if (size)
        memcpy(promise->result, result, size);
    fl_task_finish(promise, FL_DONE);
}

void fl_promise_fail(filch_future *promise, int code, char *message)
{
    promise->failure.code = code;
    promise->failure.message = message;
    fl_task_finish(promise, FL_FAILED);
}

/* By reference to where it came from first, so that a chain of those that pass
 * something on does not keep all of them. */
static void put_origin(filch_future *promise, const filch_future *from)
{
    filch_future *origin = fl_task_origin(from);
    fl_task_retain(origin);
    fl_task_extra(promise)->stray.origin = origin;
}

void fl_promise_pass(filch_future *promise, filch_future *from)
{
    uint32_t phase = fl_task_phase(from);
    if (phase == FL_CANCELLED) {
        (void)fl_task_cancel(promise);
        return;
    }
    if (fl_promise_take(promise))
        return;
    if (phase == FL_DONE) {
        if (fl_task_result_bytes(from) > FILCH_RESULT_MAX)
            put_origin(promise, from);
        fl_promise_done(promise, fl_task_result(from), FILCH_RESULT_MAX);
        return;
    }
    /* relaxed: only the last release looks at it, after this reference's */
    fetch_or_relaxed(&from->state, FL_READ);
    put_origin(promise, from);
    fl_promise_fail(promise, from->failure.code, NULL);
}
