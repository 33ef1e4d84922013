/* SPDX-License-Identifier: MIT */
/* Waiting for derived futures in tasks: it makes progress, or is -EDEADLK. */
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(compose_wait, .timeout = 120);

static filch_executor *open_one(void)
{
    return open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
}

static int add_one(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    *(int *)result = int_result(source) + 1;
    return 0;
}

static int two = 2;

/* A derived future of tasks that have not started. */
static int await_then(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    filch_future *f = filch_submit(ex, echo, &two), *g, *h;
    (void)arg;
    MUST(filch_then(&g, f, ex, add_one, NULL, NULL) == 0);
    MUST(filch_then(&h, g, ex, add_one, NULL, NULL) == 0);
    *(int *)result = int_result(h);
    filch_future_release(f);
    filch_future_release(g);
    filch_future_release(h);
    return 0;
}

static int await_all(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    filch_future *fs[10], *g;
    (void)arg;
    for (int i = 0; i < 10; i++) {
        filch_future *f = filch_submit(ex, echo, &two);
        MUST(filch_then(&fs[i], f, ex, add_one, NULL, NULL) == 0);
        filch_future_release(f);
    }
    MUST(filch_all(&g, fs, 10) == 0);
    MUST(filch_wait(&g, 1, FILCH_ALL, FILCH_FOREVER, NULL) == 1);
    for (int i = 0; i < 10; i++) {
        *(int *)result += int_result(fs[i]);
        filch_future_release(fs[i]);
    }
    filch_future_release(g);
    return 0;
}

static int await_any(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    filch_future *fs[2], *g;
    size_t winner;
    (void)arg;
    fs[0] = filch_submit(ex, burn, NULL);
    fs[1] = filch_submit(ex, echo, &two);
    MUST(filch_any(&g, fs, 2) == 0);
    MUST(filch_future_result(g, FILCH_FOREVER, &winner, sizeof winner) == 0);
    *(int *)result = (int)winner;
    (void)outcome(fs[0]);
    filch_future_release(fs[0]);
    filch_future_release(fs[1]);
    filch_future_release(g);
    return 0;
}

static void gives(filch_task *task, int value)
{
    filch_executor *ex = open_one();
    filch_future *f = filch_submit(ex, task, NULL);
    cr_assert_eq(int_result(f), value);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(compose_wait, the_only_worker_runs_what_then_waits_for)
{
    gives(await_then, 4);
}

Test(compose_wait, the_only_worker_runs_what_all_waits_for)
{
    gives(await_all, 30);
}

Test(compose_wait, the_only_worker_runs_what_any_waits_for)
{
    gives(await_any, 1);
}

/* A handler that waits for its own derived future. */
struct own {
    filch_future *g;
    int rc;
};

static int await_own(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    struct own *own = arg;
    (void)cx;
    (void)source;
    *(int *)result = 1;
    own->rc = outcome(own->g);
    return 0;
}

static void sees_circle(filch_executor *ex, bool through_more)
{
    struct own own = {.rc = 0};
    filch_promise *p;
    filch_future *base, *g, *h;
    MUST(filch_promise_open(&p, &base, ex) == 0);
    MUST(filch_then(&g, base, ex, await_own, NULL, &own) == 0);
    MUST(filch_then(&h, g, ex, add_one, NULL, NULL) == 0);
    if (through_more)
        MUST(filch_all(&own.g, (filch_future *[]){h, g}, 2) == 0);
    else
        own.g = filch_future_retain(g);
    MUST(filch_promise_set(p, NULL, 0) == 0);
    cr_assert_eq(int_result(g), 1);
    cr_assert_eq(own.rc, -EDEADLK);
    cr_assert_eq(int_result(h), 2);
    filch_future_release(own.g);
    filch_future_release(g);
    filch_future_release(h);
    filch_promise_close(p);
    filch_future_release(base);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(compose_wait, a_handler_waits_for_itself)
{
    sees_circle(open_one(), false);
    sees_circle(open_pool(2), false);
}

Test(compose_wait, a_handler_waits_for_what_waits_for_it)
{
    sees_circle(open_one(), true);
    sees_circle(open_pool(2), true);
}

/* Waits for what the gate's keeper makes of it, in steps. */
static int await_given(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    return filch_future_result(f, FILCH_FOREVER, result, sizeof(int));
}

Test(compose_wait, asleep_while_the_base_is_set_elsewhere)
{
    for (int i = 0; i < 1000; i++) {
        filch_executor *ex = open_one();
        filch_promise *p;
        filch_future *base, *g, *h;
        MUST(filch_promise_open(&p, &base, ex) == 0);
        MUST(filch_then(&g, base, ex, add_one, NULL, NULL) == 0);
        MUST(filch_then(&h, g, ex, add_one, NULL, NULL) == 0);
        filch_future *f = filch_submit(ex, await_given, h);
        UNTIL(i % 2 || filch_future_state(f) == FILCH_RUNNING);
        MUST(filch_promise_set(p, NULL, 0) == 0);
        cr_assert_eq(int_result(f), 2);
        filch_future_release(f);
        filch_future_release(g);
        filch_future_release(h);
        filch_future_release(base);
        filch_promise_close(p);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(compose_wait, asleep_while_it_is_cancelled)
{
    filch_executor *ex = open_one();
    filch_promise *p;
    filch_future *base, *g, *h;
    MUST(filch_promise_open(&p, &base, ex) == 0);
    MUST(filch_then(&g, base, ex, add_one, NULL, NULL) == 0);
    MUST(filch_then(&h, g, ex, add_one, NULL, NULL) == 0);
    filch_future *f = filch_submit(ex, await_given, h);
    UNTIL(filch_future_state(f) == FILCH_RUNNING);
    MUST(filch_future_cancel(g) == 1);
    cr_assert_eq(outcome(f), -ECANCELED);
    filch_future_release(f);
    filch_future_release(g);
    filch_future_release(h);
    cr_assert_eq(filch_future_cancel(base), 1);
    filch_future_release(base);
    filch_promise_close(p);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int poll_given(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    (void)result;
    return filch_future_result(f, filch_after(FILCH_MS(1)), NULL, 0);
}

Test(compose_wait, a_deadline_holds)
{
    filch_executor *ex = open_one();
    filch_promise *p;
    filch_future *base, *g;
    MUST(filch_promise_open(&p, &base, ex) == 0);
    MUST(filch_then(&g, base, ex, add_one, NULL, NULL) == 0);
    cr_assert_eq(settle(filch_submit(ex, poll_given, g)), -ETIMEDOUT);
    cr_assert_eq(filch_future_cancel(base), 1);
    filch_future_release(g);
    filch_future_release(base);
    filch_promise_close(p);
    cr_assert_eq(filch_executor_close(ex), 0);
}
