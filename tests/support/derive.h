/* SPDX-License-Identifier: MIT */
/*
 * An executor, promises to derive from, and handlers, for Criterion tests of
 * filch_then(): set_up() and tear_down() are their .init and .fini.
 */
#ifndef TESTS_DERIVE_H
#define TESTS_DERIVE_H

#include "feature.h"

#include "gate.h"
#include "pool.h"
#include "record.h"

#include <criterion/criterion.h>

/* Of the test; what it hears of failures that nobody has read: none. */
static filch_executor *ex;
static struct record log_of_ex = RECORD_INIT;

static inline void set_up(void)
{
    ex = open_with((struct filch_config){
        .workers = 2, .on_unobserved = record, .data = &log_of_ex});
}

static inline void tear_down(void)
{
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(record_count(&log_of_ex), 0);
}

struct base {
    filch_promise *p;
    filch_future *f;
};

static inline struct base begin(void)
{
    struct base base;
    cr_assert_eq(filch_promise_open(&base.p, &base.f, ex), 0);
    return base;
}

static inline void end(struct base *base)
{
    (void)filch_future_cancel(base->f); /* one without a value is not lost */
    filch_promise_close(base->p);
    filch_future_release(base->f);
}

static inline void give_value(struct base *base, int value)
{
    cr_assert_eq(filch_promise_set(base->p, &value, sizeof value), 0);
}

static inline void give_failure(struct base *base)
{
    cr_assert_eq(filch_promise_fail(base->p, -EIO, "disk on fire"), 0);
}

static inline filch_future *then(
    struct base *base, filch_handler *on_value, filch_handler *on_failure)
{
    filch_future *g;
    cr_assert_eq(filch_then(&g, base->f, ex, on_value, on_failure, NULL), 0);
    return g;
}

static inline int twice(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    *(int *)result = 2 * int_result(source);
    return 0;
}

static inline int refuse(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)source;
    (void)arg;
    (void)result;
    return filch_failf(cx, -ERANGE, "out of range");
}

static inline int forgive(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    cr_assert_eq(outcome(source), -EIO);
    return 0;
}

static inline int make_do(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)arg;
    *(int *)result = -1;
    return forgive(cx, source, arg, result);
}

static inline int repackage(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    struct filch_failure why;
    (void)arg;
    (void)result;
    cr_assert_eq(filch_future_failure(source, FILCH_POLL, &why), -EIO);
    return filch_failf(cx, -EPROTO, "no page: %s", why.message);
}

static inline int never(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)source;
    (void)arg;
    (void)result;
    cr_assert_fail();
    return 0;
}

static inline void fails_with(filch_future *f, int code, const char *message)
{
    struct filch_failure why = {.code = 0};
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), code);
    cr_assert_eq(why.code, code);
    cr_assert_str_eq(why.message, message);
    filch_future_release(f);
}

static inline void has_value(filch_future *f, int value)
{
    cr_assert_eq(int_result(f), value);
    filch_future_release(f);
}

#endif
