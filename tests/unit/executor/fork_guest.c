/* SPDX-License-Identifier: MIT */
/* Forks of a task that a worker of another executor runs, and what a run gives
 * that is part of a circle of waits. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/theft.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

TestSuite(fork_guest, .timeout = 120);

static struct theft theft;

/* No number of the task's own executor is that of a thread of another. */
static int look_at_number(filch_ctx *cx, void *frame)
{
    *(int *)frame = filch_ctx_worker(cx);
    theft_begin(&theft);
    return 0;
}

static int fork_in_guest(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    MUST(filch_ctx_worker(cx) == -1);
    filch_fork(&cx, look_at_number, arg);
    theft_await(&theft);
    return filch_join(&cx);
}

static int help(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return filch_future_help(*(filch_future **)arg);
}

Test(fork_guest, has_no_number_in_the_executor_of_the_task)
{
    struct gate gate;
    int number = -2;
    filch_executor *owner =
        open_with((struct filch_config){.workers = 1, .spares = -1});
    filch_executor *helper = open_pool(4);
    gate_init(&gate);
    theft_init(&theft, true);
    filch_future *held = occupy(owner, &gate);
    filch_future *f = filch_submit(owner, fork_in_guest, &number);
    cr_assert_eq(settle(filch_submit(helper, help, &f)), 0);
    cr_assert_eq(outcome(f), 0);
    cr_assert_eq(number, -1, "%d", number);
    filch_future_release(f);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(owner), 0);
    cr_assert_eq(filch_executor_close(helper), 0);
}

/* A run in another executor that waits for the task that called it: by the
 * time the run has returned, its function has, too, or it never runs. */
struct circle {
    struct gate gate;
    filch_executor *other;
    filch_future *self;
    sem_t may_end;
    atomic_int running;
};

static int wait_for_caller(filch_ctx *cx, void *frame)
{
    struct circle *circle = frame;
    (void)cx;
    atomic_fetch_add(&circle->running, 1);
    int rc = outcome(circle->self);
    take(&circle->may_end);
    atomic_fetch_sub(&circle->running, 1);
    return rc;
}

static int run_circle(filch_ctx *cx, void *arg, void *result)
{
    struct circle *circle = arg;
    (void)cx;
    stand_at(&circle->gate);
    int rc = filch_run(circle->other, wait_for_caller, circle);
    MUST(rc == -EDEADLK);
    int running = atomic_load(&circle->running);
    memcpy(result, &running, sizeof running);
    return 0;
}

static void *let_it_end(void *arg)
{
    struct circle *circle = arg;
    UNTIL(filch_future_state(circle->self) > FILCH_RUNNING ||
          atomic_load(&circle->running) == 1);
    for (int i = 0; i < 1000; i++) /* time for the wrong order to show */
        sched_yield();
    give(&circle->may_end, 1);
    return NULL;
}

Test(fork_guest, a_run_that_returns_has_ended)
{
    struct circle circle = {.other = open_pool(1)};
    filch_executor *ex = open_pool(1);
    pthread_t thread;
    gate_init(&circle.gate);
    MUST(sem_init(&circle.may_end, 0, 0) == 0);
    circle.self = filch_submit(ex, run_circle, &circle);
    gate_await(&circle.gate, 1);
    MUST(pthread_create(&thread, NULL, let_it_end, &circle) == 0);
    gate_pass(&circle.gate, 1);
    cr_assert_eq(int_result(circle.self), 0, "the function still runs");
    MUST(pthread_join(thread, NULL) == 0);
    filch_future_release(circle.self);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(filch_executor_close(circle.other), 0);
}
