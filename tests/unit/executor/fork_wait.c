/* SPDX-License-Identifier: MIT */
/* Forks and futures: a task that waits gives its forks to others; submits and
 * waits inside forks, forks inside what is submitted. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"

#include <criterion/criterion.h>

TestSuite(fork_wait, .timeout = 120);

typedef int way_to_wait(filch_future *f);

static int by_result(filch_future *f)
{
    return outcome(f);
}

static int by_wait(filch_future *f)
{
    int rc = filch_wait(&f, 1, FILCH_ALL, FILCH_FOREVER, NULL);
    return rc < 0 ? rc : 0;
}

static int by_first(filch_future *f)
{
    filch_future *fs[2] = {f, f};
    int rc = filch_wait(fs, 2, FILCH_FIRST, FILCH_FOREVER, NULL);
    return rc < 0 ? rc : 0;
}

static int by_queue(filch_future *f)
{
    filch_completion_queue *cq = NULL;
    MUST(filch_completion_queue_open(&cq) == 0);
    MUST(filch_completion_queue_add(cq, f, NULL) == 0);
    int rc = filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL);
    filch_completion_queue_close(cq);
    return rc < 0 ? rc : 0;
}

static int by_semaphore_after(filch_future *f)
{
    filch_blocking {
        UNTIL(filch_future_state(f) > FILCH_RUNNING);
    }
    return outcome(f);
}

static way_to_wait *const ways[] = {
    by_result, by_wait, by_first, by_queue, by_semaphore_after};
enum { WAYS = sizeof ways / sizeof *ways, FORKS = 5 };

/* The task waits for another one, in another executor, which stands at a gate
 * that only its forks open, all of them. */
struct promise {
    struct gate gate;
    filch_executor *other;
    way_to_wait *wait;
    sem_t begun; /* the fork, if it is nested */
    bool is_blocking;
    bool is_nested;
    bool is_late; /* the wait begins when the joiner sleeps */
    pid_t joiner;
};

static int stand_often(filch_ctx *cx, void *arg, void *result)
{
    struct gate *gate = arg;
    (void)cx;
    (void)result;
    take_many(&gate->passes, FORKS);
    return 0;
}

static int open_gate(filch_ctx *cx, void *frame)
{
    struct promise *promise = frame;
    (void)cx;
    gate_pass(&promise->gate, 1);
    return 1;
}

static int fork_and_wait(filch_ctx *cx, void *frame)
{
    struct promise *promise = frame;
    filch_future *f = filch_submit(promise->other, stand_often, &promise->gate);
    give(&promise->begun, 1);
    if (promise->is_blocking)
        filch_blocking_enter();
    for (int i = 0; i < FORKS; i++)
        filch_fork(&cx, open_gate, promise);
    if (promise->is_late)
        UNTIL(is_asleep(promise->joiner));
    MUST(promise->wait(f) == 0);
    for (int i = 0; i < FORKS; i++)
        MUST(filch_join(&cx) == 1);
    if (promise->is_blocking)
        filch_blocking_leave();
    filch_future_release(f);
    return 0;
}

static int wait_in_task(filch_ctx *cx, void *arg, void *result)
{
    struct promise *promise = arg;
    (void)result;
    if (!promise->is_nested)
        return fork_and_wait(cx, promise);
    promise->joiner = gettid();
    filch_fork(&cx, fork_and_wait, promise);
    filch_blocking { /* others can have it */
        take(&promise->begun);
    }
    return filch_join(&cx);
}

static void keep_promise(struct promise promise, struct filch_config config)
{
    filch_executor *ex = open_with(config);
    promise.other = open_pool(1);
    gate_init(&promise.gate);
    MUST(sem_init(&promise.begun, 0, 0) == 0);
    for (int i = 0; i < 30; i++) {
        promise.wait = ways[i % WAYS];
        filch_future *f = filch_submit(ex, wait_in_task, &promise);
        cr_assert_eq(outcome(f), 0);
        filch_future_release(f);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(filch_executor_close(promise.other), 0);
}

static const struct filch_config spare = {.workers = 1, .spares = 2};
static const struct filch_config two = {
    .workers = 2, .spares = FILCH_NO_SPARES};

Test(fork_wait, gives_its_forks_to_a_spare)
{
    keep_promise((struct promise){.wait = NULL}, spare);
}

Test(fork_wait, gives_its_forks_to_another_worker)
{
    keep_promise((struct promise){.wait = NULL}, two);
}

Test(fork_wait, gives_its_forks_in_a_blocking_section)
{
    keep_promise((struct promise){.is_blocking = true}, spare);
    keep_promise((struct promise){.is_blocking = true}, two);
}

Test(fork_wait, gives_the_forks_of_a_fork)
{
    keep_promise((struct promise){.is_nested = true}, spare);
}

/* The joiner of the fork that waits is all there is. */
Test(fork_wait, gives_the_forks_of_a_fork_to_its_joiner)
{
    keep_promise((struct promise){.is_nested = true}, two);
    keep_promise((struct promise){.is_nested = true, .is_late = true}, two);
}

/* Also while it waits in filch_run() and in shutdown of another executor. */
static int await_gate(filch_ctx *cx, void *frame)
{
    return stand_often(cx, frame, NULL);
}

static int fork_and_run(filch_ctx *cx, void *frame)
{
    struct promise *promise = frame;
    for (int i = 0; i < FORKS; i++)
        filch_fork(&cx, open_gate, promise);
    MUST(filch_run(promise->other, await_gate, &promise->gate) == 0);
    for (int i = 0; i < FORKS; i++)
        MUST(filch_join(&cx) == 1);
    filch_future *f = filch_submit(promise->other, stand_often, &promise->gate);
    for (int i = 0; i < FORKS; i++)
        filch_fork(&cx, open_gate, promise);
    MUST(filch_executor_close(promise->other) == 0);
    for (int i = 0; i < FORKS; i++)
        MUST(filch_join(&cx) == 1);
    return settle(f);
}

static void run_and_close(struct filch_config config)
{
    filch_executor *ex = open_with(config);
    for (int i = 0; i < 30; i++) {
        struct promise promise = {.other = open_pool(1)};
        gate_init(&promise.gate);
        cr_assert_eq(filch_run(ex, fork_and_run, &promise), 0);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(fork_wait, gives_its_forks_while_it_runs_something_elsewhere)
{
    run_and_close(spare);
    run_and_close(two);
}

/* Forks that submit and wait; what is submitted forks. */
FILCH_TASK_DECLARE(int, mixed, int, n);

static int mixed_task(filch_ctx *cx, void *arg, void *result)
{
    int value = mixed(cx, *(int *)arg);
    memcpy(result, &value, sizeof value);
    return 0;
}

FILCH_TASK_DEFINE(int, mixed, int, n)
{
    if (n < 2)
        return n;
    int less = n - 2;
    filch_future *f = NULL;
    mixed_fork(&cx, n - 1);
    if (n % 3)
        f = filch_submit(filch_ctx_executor(cx), mixed_task, &less);
    int value = f ? int_result(f) : mixed(cx, less);
    filch_future_release(f);
    return value + mixed_join(&cx);
}

Test(fork_wait, forks_in_tasks_in_forks)
{
    for (int i = 0; i < 12; i++) {
        int result = -1;
        filch_executor *ex = open_with((struct filch_config){
            .workers = 1 << i % 4, .spares = i % 2 ? FILCH_NO_SPARES : 0});
        cr_assert_eq(mixed_run(ex, &result, 16), 0);
        cr_assert_eq(result, 987);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Outside threads that run a task. */
FILCH_TASK(int, fib, int, n)
{
    if (n < 2)
        return n;
    fib_fork(&cx, n - 1);
    fib_fork(&cx, n - 2);
    int value = fib_join(&cx);
    return value + fib_join(&cx);
}

static int fork_as_guest(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    MUST(filch_ctx_worker(cx) == -1);
    fib_fork(&cx, 9);
    fib_fork(&cx, 8);
    int value = fib(cx, 7);
    value += fib_join(&cx);
    value += fib_join(&cx);
    MUST(filch_ctx_worker(cx) == -1);
    memcpy(result, &value, sizeof value);
    return 0;
}

Test(fork_wait, in_an_outside_thread_that_helps)
{
    struct gate gate;
    filch_executor *ex = open_pool(1);
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = filch_submit(ex, fork_as_guest, NULL);
    cr_assert_eq(filch_future_help(f), 1);
    gate_pass(&gate, 1);
    cr_assert_eq(int_result(f), 13 + 21 + 34);
    filch_future_release(f);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(fork_wait, in_the_submitting_thread)
{
    struct gate gate;
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 1, .when_full = FILCH_RUN_HERE});
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *queued = filch_submit(ex, nothing, NULL);
    filch_future *f = filch_submit(ex, fork_as_guest, NULL);
    cr_assert_eq(int_result(f), 13 + 21 + 34);
    int result = -1;
    cr_assert_eq(fib_run(ex, &result, 5), 0);
    cr_assert_eq(result, 5);
    gate_pass(&gate, 1);
    filch_future_release(f);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(settle(queued), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
