/* SPDX-License-Identifier: MIT */
/* A fork is part of its task: a circle of waits through one is -EDEADLK, in
 * whichever thread it runs. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"
#include "../../support/theft.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(fork_circle, .timeout = 120);

static struct theft theft;

/* The fork waits for the task that it is part of. */
static int wait_for_task(filch_ctx *cx, void *frame)
{
    (void)cx;
    theft_begin(&theft);
    return outcome(*(filch_future **)frame);
}

static int fork_a_wait(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    stand_at(arg);
    filch_future **self = (filch_future **)((struct gate *)arg + 1);
    filch_fork(&cx, wait_for_task, self);
    theft_await(&theft);
    return filch_join(&cx) == -EDEADLK ? 0 : -EINVAL;
}

Test(fork_circle, of_one)
{
    for (int i = 0; i < 40; i++) {
        struct {
            struct gate gate;
            filch_future *self;
        } task;
        filch_executor *ex =
            open_with((struct filch_config){.workers = 1 + i % 2});
        theft_init(&theft, i / 2 % 2);
        gate_init(&task.gate);
        task.self = filch_submit(ex, fork_a_wait, &task);
        gate_await(&task.gate, 1);
        gate_pass(&task.gate, 1);
        cr_assert_eq(settle(task.self), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* T forks F, which waits for U, which waits for T. Meanwhile T itself waits
 * for V, which can end: that is no way out. */
struct circle {
    struct gate v_gate, t_gate, u_gate;
    filch_future *t, *u, *v;
    _Atomic pid_t f_is, t_is, u_is;
};

static int wait_for_u(filch_ctx *cx, void *frame)
{
    struct circle *circle = frame;
    (void)cx;
    theft_begin(&theft);
    atomic_store(&circle->f_is, gettid());
    return outcome(circle->u);
}

static int wait_for_v(filch_ctx *cx, void *arg, void *result)
{
    struct circle *circle = arg;
    (void)result;
    stand_at(&circle->t_gate);
    filch_fork(&cx, wait_for_u, circle);
    theft_await(&theft);
    UNTIL(is_asleep(atomic_load(&circle->f_is)));
    atomic_store(&circle->t_is, gettid());
    MUST(outcome(circle->v) == 0);
    return filch_join(&cx);
}

static int wait_for_t(filch_ctx *cx, void *arg, void *result)
{
    struct circle *circle = arg;
    (void)cx;
    (void)result;
    stand_at(&circle->u_gate);
    atomic_store(&circle->u_is, gettid());
    return outcome(circle->t);
}

Test(fork_circle, while_the_task_waits_for_something_else)
{
    for (int i = 0; i < 20; i++) {
        struct circle circle = {.t = NULL};
        filch_executor *ex = open_pool(6);
        theft_init(&theft, true);
        gate_init(&circle.v_gate);
        gate_init(&circle.t_gate);
        gate_init(&circle.u_gate);
        circle.v = occupy(ex, &circle.v_gate);
        circle.t = filch_submit(ex, wait_for_v, &circle);
        circle.u = filch_submit(ex, wait_for_t, &circle);
        gate_await(&circle.t_gate, 1);
        gate_await(&circle.u_gate, 1);
        gate_pass(&circle.t_gate, 1);
        UNTIL(atomic_load(&circle.t_is) != 0 &&
              is_asleep(atomic_load(&circle.t_is)));
        gate_pass(&circle.u_gate, 1);
        UNTIL((atomic_load(&circle.u_is) != 0 &&
                  is_asleep(atomic_load(&circle.u_is))) ||
              filch_future_state(circle.u) > FILCH_RUNNING);
        gate_pass(&circle.v_gate, 1);
        cr_assert_eq(settle(circle.t), -EDEADLK);
        cr_assert_eq(settle(circle.u), -EDEADLK);
        cr_assert_eq(settle(circle.v), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* A joins F, which another worker of the pool has; F waits for T, in another
 * pool, and T for U, which needs a worker of the first one: there is none. */
struct through {
    filch_executor *ex, *other;
};

static void ignore(void *data, const struct filch_failure *failure)
{
    (void)data;
    (void)failure;
}

static filch_executor *open_without_spares(int workers)
{
    return open_with((struct filch_config){.workers = workers,
        .spares = FILCH_NO_SPARES,
        .on_unobserved = ignore});
}

static int end_at_once(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return 0;
}

static int wait_for_u_there(filch_ctx *cx, void *arg, void *result)
{
    const struct through *through = arg;
    (void)cx;
    (void)result;
    return settle(filch_submit(through->ex, end_at_once, NULL));
}

static int wait_for_t_there(filch_ctx *cx, void *frame)
{
    struct through *through = frame;
    (void)cx;
    theft_begin(&theft);
    return settle(filch_submit(through->other, wait_for_u_there, through));
}

static int join_what_waits(filch_ctx *cx, void *frame)
{
    filch_fork(&cx, wait_for_t_there, frame);
    theft_await(&theft);
    return filch_join(&cx);
}

Test(fork_circle, through_a_join_and_another_pool)
{
    for (int i = 0; i < 10; i++) {
        struct through through = {
            open_without_spares(2), open_without_spares(1)};
        theft_init(&theft, true);
        cr_assert_eq(
            filch_run(through.ex, join_what_waits, &through), -EDEADLK);
        cr_assert_eq(filch_executor_close(through.other), 0);
        cr_assert_eq(filch_executor_close(through.ex), 0);
    }
}
