/* SPDX-License-Identifier: MIT */
/* Corners in which tasks, threads or arguments were once lost. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"

#include <criterion/criterion.h>

TestSuite(corners, .timeout = 120);

static void count_destroyed(void *count)
{
    atomic_fetch_add((atomic_int *)count, 1);
}

struct visit {
    filch_executor *full;
    atomic_int count; /* run, and destroyed */
    filch_future *f;
    int rc[2];
};

static int submit_elsewhere(filch_ctx *cx, void *arg, void *result)
{
    static const struct filch_submit_options options = {
        .arg_destroy = count_destroyed};
    struct visit *visit = arg;
    (void)cx;
    (void)result;
    visit->rc[0] = filch_submit_with(
        &visit->f, visit->full, bump, &visit->count, &options);
    visit->rc[1] =
        filch_submit_with(NULL, visit->full, bump, &visit->count, &options);
    return 0;
}

/* A full queue whose tasks run in the submitter, which is itself a task of
 * another executor. */
Test(corners, run_here_in_a_task_of_another_executor)
{
    struct visit visit = {.count = 0};
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    visit.full = open_with((struct filch_config){
        .workers = 1, .queue_limit = 1, .when_full = FILCH_RUN_HERE});
    filch_future *held = occupy(visit.full, &gate);
    filch_future *queued = filch_submit(visit.full, nothing, NULL);
    cr_assert_eq(settle(filch_submit(ex, submit_elsewhere, &visit)), 0);
    cr_assert_eq(visit.rc[0], 0);
    cr_assert_eq(visit.rc[1], 0);
    cr_assert_eq(filch_future_state(visit.f), FILCH_DONE);
    cr_assert_eq(atomic_load(&visit.count), 4, "twice run and destroyed");
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(settle(queued), 0);
    filch_future_release(visit.f);
    cr_assert_eq(filch_executor_close(visit.full), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int help_it(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    (void)result;
    return filch_future_help(f) == 1 ? 0 : -EIO;
}

Test(corners, help_in_a_task_of_another_executor)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *busy = open_pool(1);
    filch_executor *ex = open_pool(1);
    filch_future *held = occupy(busy, &gate);
    filch_future *f = filch_submit(busy, nothing, NULL);
    cr_assert_eq(settle(filch_submit(ex, help_it, f)), 0);
    cr_assert_eq(filch_future_state(f), FILCH_DONE);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(busy), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int stand_in_callback(filch_future *f, void *gate)
{
    (void)f;
    stand_at(gate);
    return 0;
}

static int let_through(filch_ctx *cx, void *gate, void *result)
{
    (void)cx;
    (void)result;
    gate_pass(gate, 1);
    return 0;
}

/* A worker whose task has ended, but not its callback, does not look for
 * tasks: another one has to be started. */
Test(corners, a_callback_that_waits_for_another_task)
{
    struct gate first;
    struct gate second;
    gate_init(&first);
    gate_init(&second);
    filch_executor *ex = open_pool(4);
    filch_future *f = occupy(ex, &first);
    cr_assert_eq(filch_future_on_done(f, stand_in_callback, &second), 0);
    gate_pass(&first, 1);
    gate_await(&second, 1);
    cr_assert_eq(settle(filch_submit(ex, let_through, &second)), 0);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int look_and_release(filch_future *f, void *count)
{
    int destroyed = atomic_load((atomic_int *)count);
    filch_future_release(f);
    return destroyed == 1 ? 0 : -EIO;
}

static void fail_test(void *data, const struct filch_failure *failure)
{
    (void)data;
    fprintf(stderr, "%s: %s\n", failure->task, failure->message);
    abort();
}

/* The argument's end comes before the callbacks, one of which may give up the
 * reference that cancel was called with. */
Test(corners, cancelled_and_released_in_a_callback)
{
    static const struct filch_submit_options options = {
        .arg_destroy = count_destroyed};
    struct gate gate;
    atomic_int count = 0;
    filch_future *f;
    gate_init(&gate);
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .on_unobserved = fail_test});
    filch_future *held = occupy(ex, &gate);
    cr_assert_eq(filch_submit_with(&f, ex, bump, &count, &options), 0);
    cr_assert_eq(filch_future_on_done(f, look_and_release, &count), 0);
    cr_assert_eq(filch_future_cancel(f), 1);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&count), 1);
}

static int look_in_the_past(filch_ctx *cx, void *arg, void *result)
{
    atomic_int ran = 0;
    (void)arg;
    (void)result;
    filch_future *f = filch_submit(filch_ctx_executor(cx), bump, &ran);
    int rc = filch_future_result(f, filch_after(-1000), NULL, 0);
    bool is_untouched = atomic_load(&ran) == 0;
    MUST(filch_future_cancel(f) == 1);
    filch_future_release(f);
    return rc == -ETIMEDOUT && is_untouched ? 0 : -EIO;
}

Test(corners, a_deadline_in_the_past_runs_nothing)
{
    filch_executor *ex = open_pool(1);
    cr_assert_eq(settle(filch_submit(ex, look_in_the_past, NULL)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(corners, no_site)
{
    struct filch_failure why;
    filch_executor *ex = open_with((struct filch_config){.workers = 1});
    filch_future *f =
        filch_submit_call(ex, (filch_any_fn)nothing, NULL, FILCH_FN_TASK, NULL);
    cr_assert_eq(filch_future_failure(f, FILCH_POLL, &why), -EINVAL);
    cr_assert_str_eq(why.where, "");
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct farewell {
    filch_executor *ex;
    struct gate *gate;
    int before; /* threads */
};

/* Runs in the submitter, since the queue is full. When it returns, the pool
 * has no worker left, and nobody but this guest. */
static void leave_nobody(void *arg)
{
    struct farewell *farewell = arg;
    MUST(filch_executor_release(farewell->ex) == 0);
    gate_pass(farewell->gate, 1);
    UNTIL(count_threads() == farewell->before);
}

static void say_farewell(bool many)
{
    struct gate gate;
    struct farewell farewell = {.gate = &gate, .before = count_threads()};
    filch_future *f;
    gate_init(&gate);
    farewell.ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 1, .when_full = FILCH_RUN_HERE});
    filch_future *held = occupy(farewell.ex, &gate);
    filch_future *queued = filch_submit(farewell.ex, nothing, NULL);
    if (many)
        cr_assert_eq(filch_submit_many(&f, farewell.ex, leave_nobody, &farewell,
                         sizeof farewell, 1, NULL),
            0);
    else
        f = filch_submit(farewell.ex, leave_nobody, &farewell);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(settle(queued), 0);
    cr_assert_eq(settle(held), 0);
}

/* The submit does not touch the pool after the task (AddressSanitizer sees
 * it). */
Test(corners, run_here_is_the_end_of_the_executor)
{
    say_farewell(false);
    say_farewell(true);
}
