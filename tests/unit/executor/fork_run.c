/* SPDX-License-Identifier: MIT */
/* Ways into fork and join, and what a fork sees of the task around it. */
#include "../../support/fib.h"
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/record.h"
#include "../../support/theft.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(fork_run, .timeout = 120);

FILCH_TASK(pthread_t, where)
{
    return pthread_self();
}

static int add_to(filch_ctx *cx, void *frame)
{
    (void)cx;
    return ++*(int *)frame;
}

Test(fork_run, from_an_outside_thread)
{
    filch_executor *ex = open_pool(2);
    pthread_t there = pthread_self();
    int number = 4;
    cr_assert_eq(where_run(ex, &there), 0);
    cr_assert_not(pthread_equal(there, pthread_self()));
    cr_assert_eq(where_run(ex, NULL), 0);
    cr_assert_eq(filch_run(ex, add_to, &number), 5);
    cr_assert_eq(number, 5);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(fork_run, nonsense)
{
    filch_executor *ex = open_pool(1);
    long result = 17;
    cr_assert_eq(fib_run(NULL, &result, 1), -EINVAL);
    cr_assert_eq(filch_run(NULL, add_to, NULL), -EINVAL);
    cr_assert_eq(filch_run(ex, NULL, NULL), -EINVAL);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(fib_run(ex, &result, 1), FILCH_ESHUTDOWN);
    cr_assert_eq(filch_run(ex, add_to, &(int){1}), FILCH_ESHUTDOWN);
    cr_assert_eq(result, 17);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* In a task of the same executor it is a plain call, also between forks. */
static int run_in_place(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    pthread_t there;
    long value = 0;
    (void)arg;
    MUST(where_run(ex, &there) == 0);
    MUST(pthread_equal(there, pthread_self()));
    fib_fork(&cx, 6);
    MUST(where_run(ex, &there) == 0);
    MUST(pthread_equal(there, pthread_self()));
    MUST(fib_run(ex, &value, 10) == 0 && value == 55);
    value += fib_join(&cx);
    memcpy(result, &value, sizeof value);
    return 0;
}

static long long_result(filch_future *f)
{
    long value = -1;
    cr_assert_eq(
        filch_future_result(f, FILCH_FOREVER, &value, sizeof value), 0);
    filch_future_release(f);
    return value;
}

Test(fork_run, in_a_task_of_the_same_executor)
{
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(long_result(filch_submit(ex, run_in_place, NULL)), 63);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* From a task of another executor, and from there back. */
FILCH_TASK(long, back_and_forth, filch_executor *, there, int, n)
{
    long below = 0;
    if (n == 0)
        return 0;
    fib_fork(&cx, 10);
    MUST(back_and_forth_run(there, &below, filch_ctx_executor(cx), n - 1) == 0);
    return fib_join(&cx) + below;
}

Test(fork_run, in_a_task_of_another_executor)
{
    filch_executor *ex[2] = {open_pool(1), open_pool(2)};
    for (int i = 0; i < 100; i++) {
        long result = -1;
        cr_assert_eq(
            back_and_forth_run(ex[i % 2], &result, ex[1 - i % 2], 6), 0);
        cr_assert_eq(result, 6 * 55);
    }
    cr_assert_eq(filch_executor_close(ex[0]), 0);
    cr_assert_eq(filch_executor_close(ex[1]), 0);
}

/* What it sees. */
static struct theft theft;

static int look_around(filch_ctx *cx, void *arg)
{
    int outside = *(int *)arg;
    theft_begin(&theft);
    MUST(strcmp(filch_ctx_name(cx), "surveyor") == 0);
    MUST(filch_ctx_worker(cx) != outside);
    MUST(filch_ctx_worker(cx) >= 0 && filch_ctx_worker(cx) < 3);
    return 0;
}

static int survey(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    int here = filch_ctx_worker(cx);
    (void)arg;
    (void)result;
    filch_fork(&cx, look_around, &here);
    MUST(filch_ctx_executor(cx) == ex && filch_ctx_worker(cx) == here);
    theft_await(&theft);
    MUST(filch_join(&cx) == 0);
    MUST(filch_ctx_executor(cx) == ex && filch_ctx_worker(cx) == here);
    MUST(strcmp(filch_ctx_name(cx), "surveyor") == 0);
    return 0;
}

Test(fork_run, what_a_stolen_fork_sees)
{
    static const struct filch_submit_options named = {.name = "surveyor"};
    filch_executor *ex =
        open_with((struct filch_config){.workers = 2, .spares = 1});
    for (int i = 0; i < 100; i++) {
        filch_future *f = NULL;
        theft_init(&theft, true);
        cr_assert_eq(filch_submit_with(&f, ex, survey, NULL, &named), 0);
        cr_assert_eq(settle(f), 0);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* A failure. */
static int fail_at(filch_ctx *cx, void *frame)
{
    int depth = *(int *)frame;
    theft_begin(&theft);
    if (depth == 0)
        return filch_failf(cx, -EIO, "no more of %s", filch_ctx_name(cx));
    int next = depth - 1;
    filch_fork(&cx, fail_at, &next);
    theft_await(&theft);
    return filch_join(&cx);
}

static int fail_in_fork(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    filch_fork(&cx, fail_at, arg);
    theft_await(&theft);
    return filch_join(&cx);
}

static int fail_and_go_on(filch_ctx *cx, void *arg, void *result)
{
    return fail_in_fork(cx, arg, result) == -EIO ? 0 : -EINVAL;
}

static void fail_deep(filch_executor *ex, int depth)
{
    struct filch_failure why;
    filch_future *f = filch_submit(ex, fail_in_fork, &depth);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EIO);
    cr_assert_str_eq(why.message, "no more of fail_in_fork");
    cr_assert_str_eq(why.task, "fail_in_fork");
    filch_future_release(f);
    cr_assert_eq(settle(filch_submit(ex, fail_and_go_on, &depth)), 0);
}

Test(fork_run, a_failure_with_its_message)
{
    for (int i = 0; i < 20; i++) {
        filch_executor *ex = open_pool(1 + i % 2);
        theft_init(&theft, i / 2 % 2);
        fail_deep(ex, i % 5);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* A fork that succeeds leaves the message of the task alone. */
static int let_go(filch_ctx *cx, void *frame)
{
    theft_begin(&theft);
    return add_to(cx, frame);
}

static int say_last(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    int rc = filch_failf(cx, -EPERM, "first");
    filch_fork(&cx, let_go, arg);
    theft_await(&theft);
    MUST(filch_join(&cx) == 8);
    return rc;
}

Test(fork_run, a_fork_that_succeeds_has_no_message)
{
    filch_executor *ex = open_pool(2);
    struct filch_failure why;
    int number = 7;
    theft_init(&theft, true);
    filch_future *f = filch_submit(ex, say_last, &number);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EPERM);
    cr_assert_str_eq(why.message, "first");
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Told to stop. */
static int go_on_until_told(filch_ctx *cx, void *frame)
{
    (void)frame;
    theft_begin(&theft);
    UNTIL(filch_stopping(cx));
    return -EINTR;
}

static int fork_until_told(filch_ctx *cx, void *frame)
{
    for (int i = 0; i < 2; i++)
        filch_fork(&cx, go_on_until_told, frame);
    for (int i = 0; i < 2; i++)
        theft_await(&theft);
    give((sem_t *)frame, 1);
    for (int i = 0; i < 2; i++)
        MUST(filch_join(&cx) == -EINTR);
    return 0;
}

static int start_until_told(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    return fork_until_told(cx, arg);
}

Test(fork_run, told_to_stop)
{
    sem_t all;
    filch_executor *ex = open_pool(2);
    MUST(sem_init(&all, 0, 0) == 0);
    theft_init(&theft, true);
    filch_future *f = filch_submit(ex, start_until_told, &all);
    take(&all);
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_STOP_RUNNING, FILCH_FOREVER), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* In a hook. */
static int fork_in_hook(filch_ctx *cx, void *data)
{
    fib_fork(&cx, 12);
    long value = fib(cx, 12);
    value += fib_join(&cx);
    MUST(value == 288 && strcmp(filch_ctx_name(cx), "") == 0);
    atomic_fetch_add((atomic_int *)data, 1);
    return 0;
}

static void fork_at_end(filch_ctx *cx, void *data)
{
    MUST(fork_in_hook(cx, data) == 0);
}

static int fail_hook(filch_ctx *cx, void *data)
{
    (void)data;
    filch_fork(&cx, fail_at, &(int){0});
    return filch_join(&cx);
}

Test(fork_run, in_hooks)
{
    atomic_int hooks = 0;
    long result = -1;
    filch_executor *ex = open_with((struct filch_config){.workers = 4,
        .on_start = fork_in_hook,
        .on_stop = fork_at_end,
        .data = &hooks});
    cr_assert_eq(fib_run(ex, &result, 20), 0);
    cr_assert_eq(result, 6765);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert(atomic_load(&hooks) >= 2 && atomic_load(&hooks) % 2 == 0);
}

Test(fork_run, in_a_hook_that_fails)
{
    struct record log = RECORD_INIT;
    theft_init(&theft, false);
    filch_executor *ex = open_with((struct filch_config){.workers = 1,
        .on_start = fail_hook,
        .on_unobserved = record,
        .data = &log});
    cr_assert_eq(fib_run(ex, NULL, 20), FILCH_EBROKEN);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_str_eq(log.message, "no more of ");
}
