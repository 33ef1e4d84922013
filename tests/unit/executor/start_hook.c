/* SPDX-License-Identifier: MIT */
/* on_start and on_stop, and the executor that a start hook breaks. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(start_hook, .timeout = 120);

enum { WORKERS = 4 };

struct hooks {
    struct gate gate;
    struct record log;
    atomic_int started;
    atomic_int stopped;
};

static _Thread_local int is_prepared;

static int prepare(filch_ctx *cx, void *data)
{
    struct hooks *hooks = data;
    MUST(filch_ctx_executor(cx) != NULL);
    is_prepared++;
    atomic_fetch_add(&hooks->started, 1);
    return 0;
}

static void clean_up(filch_ctx *cx, void *data)
{
    struct hooks *hooks = data;
    MUST(filch_ctx_executor(cx) != NULL);
    MUST(is_prepared == 1);
    atomic_fetch_add(&hooks->stopped, 1);
}

static int check_prepared(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    stand_at(arg);
    return is_prepared == 1 ? 0 : -EPROTO;
}

Test(behaviour, b074_the_start_hook_runs_before_the_first_task)
{
    static struct hooks hooks = {.log = RECORD_INIT};
    filch_future *fs[WORKERS * 3];
    gate_init(&hooks.gate);
    filch_executor *ex = open_with((struct filch_config){.workers = WORKERS,
        .on_start = prepare,
        .on_stop = clean_up,
        .data = &hooks});
    cr_assert_eq(atomic_load(&hooks.started), 0);
    for (int i = 0; i < WORKERS * 3; i++)
        fs[i] = filch_submit(ex, check_prepared, &hooks.gate);
    gate_await(&hooks.gate, WORKERS);
    cr_assert_eq(atomic_load(&hooks.started), WORKERS);
    gate_pass(&hooks.gate, WORKERS * 3);
    for (int i = 0; i < WORKERS * 3; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&hooks.stopped), atomic_load(&hooks.started));
}

Test(start_hook, no_worker_no_hook)
{
    struct hooks hooks = {.log = RECORD_INIT};
    filch_executor *ex = open_with((struct filch_config){
        .on_start = prepare, .on_stop = clean_up, .data = &hooks});
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&hooks.started), 0);
    cr_assert_eq(atomic_load(&hooks.stopped), 0);
}

/* Fails, but only once the test lets it. */
static int fail_at_gate(filch_ctx *cx, void *data)
{
    struct hooks *hooks = data;
    stand_at(&hooks->gate);
    return filch_failf(cx, -EIO, "no %s", "licence");
}

static void report(void *data, const struct filch_failure *failure)
{
    struct hooks *hooks = data;
    record(&hooks->log, failure);
}

static filch_executor *open_failing(struct hooks *hooks)
{
    *hooks = (struct hooks){.log = RECORD_INIT};
    gate_init(&hooks->gate);
    return open_with((struct filch_config){.workers = 1,
        .on_start = fail_at_gate,
        .on_stop = clean_up,
        .on_unobserved = report,
        .data = hooks});
}

Test(behaviour, b075_a_failing_start_hook_breaks_the_executor)
{
    enum { QUEUED = 10 };
    static struct hooks hooks;
    filch_future *fs[QUEUED];
    struct filch_failure why;
    filch_executor *ex = open_failing(&hooks);
    for (int i = 0; i < QUEUED; i++)
        fs[i] = filch_submit(ex, nothing, NULL);
    gate_await(&hooks.gate, 1);
    gate_pass(&hooks.gate, 1);
    for (int i = 0; i < QUEUED; i++) {
        cr_assert_eq(
            filch_future_failure(fs[i], FILCH_FOREVER, &why), FILCH_EBROKEN);
        cr_assert_not_null(
            strstr(why.message, "no licence"), "says '%s'", why.message);
        filch_future_release(fs[i]);
    }
    filch_future *late = filch_submit(ex, nothing, NULL);
    cr_assert_eq(
        filch_future_failure(late, FILCH_FOREVER, &why), FILCH_EBROKEN);
    cr_assert_not_null(
        strstr(why.message, "no licence"), "says '%s'", why.message);
    filch_future_release(late);
    cr_assert_eq(filch_executor_workers(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(hooks.log.count, 1, "%d reports", hooks.log.count);
    cr_assert_eq(hooks.log.code, -EIO);
    cr_assert_str_eq(hooks.log.message, "no licence");
    cr_assert_eq(atomic_load(&hooks.stopped), 0);
}

static int note_outcome(filch_future *f, void *rc)
{
    *(int *)rc = filch_future_result(f, FILCH_POLL, NULL, 0);
    return 0;
}

Test(start_hook, a_callback_is_told_that_it_broke)
{
    static struct hooks hooks;
    int rc = 1;
    filch_executor *ex = open_failing(&hooks);
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_future_on_done(f, note_outcome, &rc), 0);
    gate_pass(&hooks.gate, 1);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(rc, FILCH_EBROKEN);
}

Test(behaviour, b075_map_and_many_on_a_broken_executor)
{
    static struct hooks hooks;
    filch_executor *ex = open_failing(&hooks);
    filch_future *fs[3];
    int items[3] = {1, 2, 3};
    struct filch_map_spec spec = {
        .in = items, .in_stride = sizeof *items, .count = 3};
    filch_future *f = filch_submit(ex, nothing, NULL);
    gate_pass(&hooks.gate, 1);
    cr_assert_eq(settle(f), FILCH_EBROKEN);
    cr_assert_eq(filch_map(ex, nothing, &spec), FILCH_EBROKEN);
    cr_assert_eq(
        filch_submit_many(fs, ex, nothing, items, sizeof *items, 3, NULL),
        FILCH_EBROKEN);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(settle(fs[i]), FILCH_EBROKEN);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b076_cancelling_while_the_hook_fails)
{
    static struct hooks hooks;
    filch_executor *ex = open_failing(&hooks);
    filch_future *first = filch_submit(ex, nothing, NULL);
    filch_future *second = filch_submit(ex, nothing, NULL);
    gate_await(&hooks.gate, 1);
    cr_assert_eq(filch_future_cancel(first), 1);
    gate_pass(&hooks.gate, 1);
    cr_assert_eq(settle(second), FILCH_EBROKEN);
    cr_assert_eq(settle(first), -ECANCELED);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b076_shutting_down_while_the_hook_fails)
{
    static struct hooks hooks;
    int before = count_threads();
    filch_executor *ex = open_failing(&hooks);
    filch_future *f = filch_submit(ex, nothing, NULL);
    gate_await(&hooks.gate, 1);
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL), -ETIMEDOUT);
    gate_pass(&hooks.gate, 1);
    cr_assert_eq(settle(f), FILCH_EBROKEN);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    UNTIL(count_threads() == before);
}

Test(behaviour, b076_releasing_while_the_hook_fails)
{
    static struct hooks hooks;
    int before = count_threads();
    filch_executor *ex = open_failing(&hooks);
    filch_future *f = filch_submit(ex, nothing, NULL);
    gate_await(&hooks.gate, 1);
    cr_assert_eq(filch_executor_release(ex), 0);
    gate_pass(&hooks.gate, 1);
    cr_assert_eq(settle(f), FILCH_EBROKEN);
    UNTIL(count_threads() == before);
}

static atomic_int hook_runs;

static int fail_second(filch_ctx *cx, void *data)
{
    (void)data;
    if (atomic_fetch_add(&hook_runs, 1) == 0)
        return 0;
    return filch_failf(cx, -ENODEV, "no second licence");
}

/* The first worker works; the second breaks all, but not what runs. */
Test(start_hook, a_later_worker_breaks_what_waits)
{
    struct record log = RECORD_INIT;
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_with((struct filch_config){.workers = 2,
        .on_start = fail_second,
        .on_unobserved = record,
        .data = &log});
    filch_future *running = occupy(ex, &gate);
    filch_future *waiting = filch_submit(ex, nothing, NULL);
    cr_assert_eq(settle(waiting), FILCH_EBROKEN);
    cr_assert_eq(filch_executor_workers(ex), 0);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(running), 0);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), FILCH_EBROKEN);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(log.count, 1);
}
