/* SPDX-License-Identifier: MIT */
/* Unread failures are counted, and shown, but not all of many; backtraces. */
#include "../../support/child.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(evidence, .timeout = 120);

static int refuse_callback(filch_future *f, void *arg)
{
    (void)f;
    (void)arg;
    return -EPROTO;
}

Test(evidence, unread_failures_are_counted)
{
    struct record log = RECORD_INIT;
    filch_executor *ex = open_with((struct filch_config){
        .backend = FILCH_INLINE, .on_unobserved = record, .data = &log});
    filch_future *f = filch_submit(ex, burn, NULL);
    cr_assert_eq(filch_executor_unobserved(ex), 0);
    filch_future_release(f);
    cr_assert_eq(filch_executor_unobserved(ex), 1);
    cr_assert_eq(settle(filch_submit(ex, burn, NULL)), -EIO);
    cr_assert_eq(filch_executor_unobserved(ex), 1, "somebody has read it");
    f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_future_on_done(f, refuse_callback, NULL), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_unobserved(ex), 2);
    cr_assert_eq(record_count(&log), 2);
    cr_assert_eq(filch_executor_unobserved(NULL), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, what)); at++)
        count++;
    return count;
}

enum { MANY = 1000 };

/* Some seconds of them, perhaps; the rest is told at the end. */
static int fail_often(void *arg)
{
    filch_executor *ex =
        open_with((struct filch_config){.backend = FILCH_INLINE});
    (void)arg;
    for (int i = 0; i < MANY; i++)
        filch_future_release(filch_submit(ex, burn, NULL));
    MUST(filch_executor_unobserved(ex) == MANY);
    MUST(filch_executor_close(ex) == 0);
    exit(0);
}

static long sum_of_hidden(const char *text)
{
    long sum = 0;
    for (const char *at = text; (at = strstr(at, " more failures")); at++) {
        const char *number = at;
        while (number[-1] >= '0' && number[-1] <= '9')
            number--;
        sum += strtol(number, NULL, 10);
    }
    return sum;
}

Test(evidence, of_many_failures_few_are_shown)
{
    struct child child;
    run_child(&child, fail_often, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0);
    int shown = count_of(child.err, "filch: burn: EIO: disk on fire at ");
    cr_assert_geq(shown, 10);
    cr_assert_eq(shown + sum_of_hidden(child.err), MANY, "%s", child.err);
}

/* With external linkage, so that it has a name. */
int fail_far_inside(filch_ctx *cx, int depth);
__attribute__((noinline)) int fail_far_inside(filch_ctx *cx, int depth)
{
    int rc = depth ? fail_far_inside(cx, depth - 1)
                   : filch_failf(cx, -EIO, "disk %s", "on fire");
    return rc + (depth > 1000); /* not a tail call */
}

static int fail_deep(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    return fail_far_inside(cx, 3);
}

static filch_executor *open_tracing(const char *value)
{
    MUST(setenv("FILCH_BACKTRACE", value, 1) == 0);
    filch_executor *ex = open_pool(1);
    MUST(unsetenv("FILCH_BACKTRACE") == 0);
    return ex;
}

Test(evidence, a_backtrace_if_asked)
{
    struct filch_failure why;
    filch_executor *ex = open_tracing("1");
    filch_future *f = filch_submit(ex, fail_deep, NULL);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EIO);
    cr_assert_str_eq(why.message, "disk on fire");
    cr_assert_not_null(why.backtrace);
    cr_assert_geq(count_of(why.backtrace, "\n"), 4, "%s", why.backtrace);
    cr_assert_eq(strncmp(why.backtrace, "    ", 4), 0);
    cr_assert_null(strstr(why.backtrace, "filch_failf"), "%s", why.backtrace);
    filch_future_release(f);
    f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(evidence, no_backtrace_if_not)
{
    struct filch_failure why;
    filch_executor *ex = open_tracing("0");
    filch_future *f = filch_submit(ex, fail_deep, NULL);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EIO);
    cr_assert_null(why.backtrace);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int refuse_start(filch_ctx *cx, void *data)
{
    (void)data;
    return fail_far_inside(cx, 1);
}

static int fail_unread(void *arg)
{
    (void)arg;
    filch_executor *ex = open_tracing("1");
    filch_future_release(filch_submit(ex, fail_deep, NULL));
    MUST(filch_executor_close(ex) == 0);
    return 0;
}

Test(evidence, stderr_shows_it)
{
    struct child child;
    run_child(&child, fail_unread, NULL);
    cr_assert_eq(strncmp(child.err, "filch: fail_deep: EIO: ", 23), 0);
    cr_assert_geq(count_of(child.err, "\n    "), 4, "%s", child.err);
}

static _Atomic int traced;

static void see_trace(void *data, const struct filch_failure *failure)
{
    (void)data;
    atomic_fetch_add(&traced, failure->backtrace != NULL);
}

Test(evidence, of_a_start_hook_too)
{
    struct filch_failure why;
    MUST(setenv("FILCH_BACKTRACE", "1", 1) == 0);
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .on_start = refuse_start, .on_unobserved = see_trace});
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), FILCH_EBROKEN);
    cr_assert_str_eq(why.message, "disk on fire");
    cr_assert_not_null(why.backtrace);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&traced), 1);
}
