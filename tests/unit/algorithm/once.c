/* SPDX-License-Identifier: MIT */
/* filch_once: once, seen by all; again after a failure; never a hang. */
#include "../../support/fib.h"
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(once, .timeout = 60);

static int add_one(filch_ctx *cx, void *arg)
{
    (void)cx;
    ++*(int *)arg; /* plainly: it is done once, and seen */
    return 0;
}

Test(once, done_once)
{
    struct filch_once_flag once = {0};
    int runs = 0;
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(filch_once(&once, ex, add_one, &runs), 0);
        cr_assert_eq(runs, 1);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(filch_once(&once, ex, add_one, &runs), 0, "no pool needed");
}

struct shared {
    struct filch_once_flag once;
    filch_executor *ex;
    int runs;
};

static int do_shared(struct shared *shared)
{
    int rc = filch_once(&shared->once, shared->ex, add_one, &shared->runs);
    return rc ? rc : shared->runs == 1 ? 0 : -EIO;
}

static void *do_outside(void *arg)
{
    MUST(do_shared(arg) == 0);
    return NULL;
}

static int do_inside(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return do_shared(arg);
}

Test(once, everybody_at_once)
{
    enum { THREADS = 4, TASKS = 50 };
    filch_executor *ex = open_pool(3);
    for (int round = 0; round < 30; round++) {
        struct shared shared = {.ex = ex};
        pthread_t threads[THREADS];
        filch_future *tasks[TASKS];
        for (int i = 0; i < THREADS; i++)
            MUST(pthread_create(&threads[i], NULL, do_outside, &shared) == 0);
        for (int i = 0; i < TASKS; i++)
            tasks[i] = filch_submit(ex, do_inside, &shared);
        for (int i = 0; i < TASKS; i++)
            cr_assert_eq(settle(tasks[i]), 0);
        for (int i = 0; i < THREADS; i++)
            MUST(pthread_join(threads[i], NULL) == 0);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct attempt {
    int runs;
    int fail_until;
};

static int fail_first(filch_ctx *cx, void *arg)
{
    struct attempt *attempt = arg;
    return ++attempt->runs < attempt->fail_until
               ? filch_failf(cx, -EIO, "attempt %d", attempt->runs)
               : 0;
}

Test(once, a_failure_is_tried_again)
{
    struct filch_once_flag once = {0};
    struct attempt attempt = {.fail_until = 3};
    filch_executor *ex = open_pool(1);
    cr_assert_eq(filch_once(&once, ex, fail_first, &attempt), -EIO);
    cr_assert_eq(filch_once(&once, ex, fail_first, &attempt), -EIO);
    cr_assert_eq(filch_once(&once, ex, fail_first, &attempt), 0);
    cr_assert_eq(filch_once(&once, ex, fail_first, &attempt), 0);
    cr_assert_eq(attempt.runs, 3);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Needs itself; two that need each other. */
struct need {
    struct filch_once_flag once;
    struct need *other;
    struct gate *gate;
    int rc;
};

static int do_need(filch_ctx *cx, void *arg)
{
    struct need *need = arg;
    if (need->gate)
        stand_at(need->gate);
    need->rc = filch_once(
        &need->other->once, filch_ctx_executor(cx), do_need, need->other);
    return need->rc;
}

Test(once, that_needs_itself_is_told)
{
    struct need need = {.other = &need};
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_once(&need.once, ex, do_need, &need), -EDEADLK);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int begin_need(filch_ctx *cx, void *arg, void *result)
{
    struct need *need = arg;
    (void)result;
    return filch_once(&need->once, filch_ctx_executor(cx), do_need, need);
}

Test(once, two_that_need_each_other_are_told)
{
    struct gate gate;
    struct need a = {.gate = &gate}, b = {.other = &a, .gate = &gate};
    a.other = &b;
    gate_init(&gate);
    filch_executor *ex = open_pool(2);
    filch_future *first = filch_submit(ex, begin_need, &a);
    filch_future *second = filch_submit(ex, begin_need, &b);
    gate_await(&gate, 2);
    gate_pass(&gate, 2);
    cr_assert_eq(settle(first), -EDEADLK);
    cr_assert_eq(settle(second), -EDEADLK);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int compute(filch_ctx *cx, void *arg)
{
    *(long *)arg = fib(cx, 20);
    return 0;
}

struct table {
    struct filch_once_flag once;
    long value;
};

static int use_table(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct table *table = arg;
    (void)begin;
    (void)end;
    int rc = filch_once(
        &table->once, filch_ctx_executor(cx), compute, &table->value);
    return rc ? rc : table->value == 6765 ? 0 : -EIO;
}

Test(once, parallel_inside_and_needed_by_a_loop)
{
    for (int workers = 1; workers <= 4; workers++) {
        filch_executor *ex = open_pool(workers);
        for (int round = 0; round < 20; round++) {
            struct table table = {.value = 0};
            cr_assert_eq(filch_for(ex, 0, 100, use_table, &table), 0);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(once, bad_arguments_and_refusals)
{
    struct filch_once_flag once = {0};
    int runs = 0;
    filch_executor *ex = open_pool(1);
    cr_assert_eq(filch_once(NULL, ex, add_one, &runs), -EINVAL);
    cr_assert_eq(filch_once(&once, NULL, add_one, &runs), -EINVAL);
    cr_assert_eq(filch_once(&once, ex, NULL, &runs), -EINVAL);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(filch_once(&once, ex, add_one, &runs), FILCH_ESHUTDOWN);
    cr_assert_eq(runs, 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
