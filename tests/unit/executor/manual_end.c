/* SPDX-License-Identifier: MIT */
/* How executors without threads begin and end: hooks, shutdown, release. */
#include "../../support/child.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(manual_end, .timeout = 120);

static const enum filch_backend both[] = {FILCH_MANUAL, FILCH_INLINE};

struct hooks {
    int starts, stops;
    int number; /* of the last that was called */
    pthread_t thread;
};

static int note_start(filch_ctx *cx, void *data)
{
    struct hooks *hooks = data;
    hooks->starts++;
    hooks->number = filch_ctx_worker(cx);
    hooks->thread = pthread_self();
    return 0;
}

static void note_stop(filch_ctx *cx, void *data)
{
    struct hooks *hooks = data;
    hooks->stops++;
    hooks->number = filch_ctx_worker(cx);
}

static filch_executor *open_hooked(
    enum filch_backend backend, struct hooks *hooks)
{
    return open_with((struct filch_config){.backend = backend,
        .on_start = note_start,
        .on_stop = note_stop,
        .data = hooks});
}

Test(manual_end, hooks_before_the_first_task_and_after_the_last)
{
    for (int i = 0; i < 2; i++) {
        struct hooks hooks = {.number = -9};
        filch_executor *ex = open_hooked(both[i], &hooks);
        filch_future *f = filch_submit(ex, nothing, NULL);
        cr_assert_eq(hooks.starts, both[i] == FILCH_INLINE);
        cr_assert_eq(settle(f), 0);
        cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
        cr_assert_eq(hooks.starts, 1);
        cr_assert_eq(hooks.number, 0);
        cr_assert(pthread_equal(hooks.thread, pthread_self()));
        hooks.number = -9;
        cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL), 0);
        cr_assert_eq(hooks.stops, 1);
        cr_assert_eq(hooks.number, 0);
        cr_assert_eq(filch_executor_close(ex), 0);
        cr_assert_eq(hooks.stops, 1);
    }
}

Test(manual_end, no_task_no_hook)
{
    for (int i = 0; i < 2; i++) {
        struct hooks hooks = {.starts = 0};
        cr_assert_eq(filch_executor_close(open_hooked(both[i], &hooks)), 0);
        cr_assert_eq(hooks.starts + hooks.stops, 0);
    }
}

static int refuse_start(filch_ctx *cx, void *data)
{
    (void)data;
    return filch_failf(cx, -EIO, "no licence");
}

Test(manual_end, a_start_that_fails_breaks_it)
{
    for (int i = 0; i < 2; i++) {
        struct record log = RECORD_INIT;
        struct filch_failure why;
        filch_executor *ex = open_with((struct filch_config){.backend = both[i],
            .on_start = refuse_start,
            .on_unobserved = record,
            .data = &log});
        filch_future *f = filch_submit(ex, nothing, NULL);
        filch_future *g = filch_submit(ex, nothing, NULL);
        cr_assert_eq(outcome(f), FILCH_EBROKEN);
        cr_assert_eq(
            filch_future_failure(g, FILCH_FOREVER, &why), FILCH_EBROKEN);
        cr_assert_str_eq(why.message, "no licence");
        cr_assert_eq(record_count(&log), 1);
        cr_assert_eq(filch_executor_workers(ex), 0);
        filch_future_release(f);
        filch_future_release(g);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

static filch_executor *open_manual(void)
{
    return open_with((struct filch_config){.backend = FILCH_MANUAL});
}

Test(manual_end, close_runs_what_is_queued)
{
    atomic_int runs = 0;
    filch_executor *ex = open_manual();
    filch_future *f = filch_submit(ex, bump, &runs);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&runs), 1);
    cr_assert_eq(settle(f), 0);
}

Test(manual_end, shutdown_that_does_not_wait_leaves_it_to_steps)
{
    atomic_int runs = 0;
    filch_executor *ex = open_manual();
    filch_future *f = filch_submit(ex, bump, &runs);
    filch_future *g = filch_submit(ex, bump, &runs);
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL), -ETIMEDOUT);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), FILCH_ESHUTDOWN);
    cr_assert_eq(filch_step(ex), 1);
    cr_assert_eq(atomic_load(&runs), 1);
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_CANCEL_PENDING, FILCH_POLL), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(settle(g), -ECANCELED);
    cr_assert_eq(filch_step(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int ask_to_stop(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    *(int *)arg = filch_executor_shutdown(
        filch_ctx_executor(cx), FILCH_STOP_RUNNING, FILCH_FOREVER);
    MUST(!filch_stopping(cx));
    MUST(filch_executor_shutdown(filch_ctx_executor(cx), FILCH_STOP_RUNNING,
             FILCH_POLL) == -ETIMEDOUT);
    return filch_stopping(cx) ? 0 : -EPROTO;
}

Test(manual_end, shut_down_in_a_task)
{
    for (int i = 0; i < 2; i++) {
        int waited = 0;
        filch_executor *ex =
            open_with((struct filch_config){.backend = both[i]});
        cr_assert_eq(settle(filch_submit(ex, ask_to_stop, &waited)), 0);
        cr_assert_eq(waited, -EDEADLK);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

static int let_go(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    MUST(filch_executor_close(filch_ctx_executor(cx)) == -EDEADLK);
    MUST(filch_executor_release(filch_ctx_executor(cx)) == 0);
    MUST(atomic_load((atomic_int *)arg) == 0);
    return 0;
}

Test(manual_end, release_runs_what_is_queued)
{
    struct hooks hooks = {.starts = 0};
    atomic_int runs = 0;
    filch_executor *ex = open_hooked(FILCH_MANUAL, &hooks);
    filch_future *f = filch_submit(ex, bump, &runs);
    cr_assert_eq(filch_executor_release(ex), 0);
    cr_assert_eq(atomic_load(&runs), 1);
    cr_assert_eq(hooks.stops, 1);
    cr_assert_eq(settle(f), 0);
}

Test(manual_end, release_in_a_task_runs_it_after_that)
{
    struct hooks hooks = {.starts = 0};
    atomic_int runs = 0;
    filch_executor *ex = open_hooked(FILCH_MANUAL, &hooks);
    filch_future *f = filch_submit(ex, let_go, &runs);
    filch_future *g = filch_submit(ex, bump, &runs);
    cr_assert_eq(filch_step(ex), 1);
    cr_assert_eq(atomic_load(&runs), 1);
    cr_assert_eq(hooks.stops, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(settle(g), 0);
}

Test(manual_end, release_in_an_inline_task)
{
    atomic_int runs = 0;
    filch_executor *ex =
        open_with((struct filch_config){.backend = FILCH_INLINE});
    cr_assert_eq(settle(filch_submit(ex, let_go, &runs)), 0);
}

static int use_in_child(void *arg)
{
    filch_executor *ex = arg;
    int rc = filch_executor_close(ex);
    filch_future *f = filch_submit(ex, nothing, NULL);
    return filch_step(ex) == FILCH_EFORKED && rc == FILCH_EFORKED &&
                   settle(f) == FILCH_EFORKED &&
                   filch_executor_release(ex) == FILCH_EFORKED
               ? 0
               : 1;
}

static int wait_in_child(void *f)
{
    return outcome(f) == FILCH_EFORKED ? 0 : 1;
}

Test(manual_end, a_handle_that_came_through_fork)
{
    struct child child;
    filch_executor *ex = open_manual();
    filch_future *f = filch_submit(ex, nothing, NULL);
    run_child(&child, use_in_child, ex);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0);
    run_child(&child, wait_in_child, f);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int count_call(filch_ctx *cx, void *calls)
{
    MUST(filch_ctx_worker(cx) == 0);
    ++*(int *)calls;
    return *(int *)calls == 2 ? -EIO : 0;
}

Test(manual_end, for_each_worker_calls_it_here)
{
    for (int i = 0; i < 2; i++) {
        int calls = 0;
        struct hooks hooks = {.starts = 0};
        filch_executor *ex = open_hooked(both[i], &hooks);
        cr_assert_eq(filch_for_each_worker(ex, count_call, &calls, FILCH_POLL),
            -ETIMEDOUT);
        cr_assert_eq(calls, 0);
        cr_assert_eq(
            filch_for_each_worker(ex, count_call, &calls, FILCH_FOREVER), 0);
        cr_assert_eq(hooks.starts, 1);
        cr_assert_eq(
            filch_for_each_worker(ex, count_call, &calls, FILCH_FOREVER), -EIO);
        cr_assert_eq(filch_executor_shutdown(ex, 0, FILCH_FOREVER), 0);
        cr_assert_eq(
            filch_for_each_worker(ex, count_call, &calls, FILCH_FOREVER),
            FILCH_ESHUTDOWN);
        cr_assert_eq(calls, 2);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}
