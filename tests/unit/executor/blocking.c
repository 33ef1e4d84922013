/* SPDX-License-Identifier: MIT */
/* filch_blocking, and waits for running tasks: spares take the places. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

TestSuite(blocking, .timeout = 120);

static int read_byte(filch_ctx *cx, void *arg, void *result)
{
    const int *fds = arg;
    ssize_t n = -1;
    (void)cx;
    filch_blocking {
        n = read(fds[0], result, 1);
    }
    return n == 1 ? 0 : -EIO;
}

static int write_byte(filch_ctx *cx, void *arg, void *result)
{
    const int *fds = arg;
    (void)cx;
    (void)result;
    return write(fds[1], "!", 1) == 1 ? 0 : -EIO;
}

Test(blocking, a_task_that_blocks_lets_others_run)
{
    int fds[2];
    char byte = 0;
    cr_assert_eq(pipe(fds), 0);
    filch_executor *ex = open_pool(1);
    filch_future *reader = filch_submit(ex, read_byte, fds);
    cr_assert_eq(settle(filch_submit(ex, write_byte, fds)), 0);
    cr_assert_eq(filch_future_result(reader, FILCH_FOREVER, &byte, 1), 0);
    cr_assert_eq(byte, '!');
    filch_future_release(reader);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int stand_blocking(filch_ctx *cx, void *gate, void *result)
{
    (void)cx;
    (void)result;
    filch_blocking {
        stand_at(gate);
    }
    return 0;
}

static void block_briefly(void)
{
    filch_blocking {
        break;
    }
}

static int stand_nested(filch_ctx *cx, void *gate, void *result)
{
    (void)cx;
    (void)result;
    filch_blocking_enter();
    filch_blocking {
        block_briefly();
        stand_at(gate);
    }
    filch_blocking_leave();
    return 0;
}

/* Work that comes while the task blocks already gets a spare, too. */
static void run_beside(filch_task *blocker)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, blocker, &gate);
    gate_await(&gate, 1);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    cr_assert_eq(filch_future_state(f), FILCH_RUNNING);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(blocking, work_that_comes_later_runs)
{
    run_beside(stand_blocking);
}

Test(blocking, nests)
{
    run_beside(stand_nested);
}

/* No task for a spare: no spare. */
Test(blocking, no_thread_without_need)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, stand_blocking, &gate);
    gate_await(&gate, 1);
    cr_assert_eq(filch_executor_threads(ex), 1);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(blocking, spares_are_bounded)
{
    enum { TASKS = 10, SPARES = 2 };
    filch_future *fs[TASKS];
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex =
        open_with((struct filch_config){.workers = 1, .spares = SPARES});
    for (int i = 0; i < TASKS; i++)
        fs[i] = filch_submit(ex, stand_blocking, &gate);
    gate_await(&gate, 1 + SPARES);
    cr_assert_eq(filch_executor_threads(ex), 1 + SPARES);
    cr_assert_eq(filch_executor_pending(ex), TASKS - 1 - SPARES);
    gate_pass(&gate, TASKS);
    for (int i = 0; i < TASKS; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_leq(filch_executor_threads(ex), 1 + SPARES);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(blocking, without_spares_it_only_blocks)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    filch_future *f = filch_submit(ex, stand_blocking, &gate);
    gate_await(&gate, 1);
    filch_future *g = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_executor_threads(ex), 1);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(settle(g), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(blocking, does_nothing_outside_a_worker)
{
    int runs = 0;
    filch_blocking_enter();
    filch_blocking_leave();
    filch_blocking {
        runs++;
    }
    cr_assert_eq(runs, 1);
}

/* It works after all, on the place that it takes back for that. */
static int wait_blocking(filch_ctx *cx, void *runs, void *result)
{
    int rc = -EPROTO;
    (void)result;
    filch_future *f = filch_submit(filch_ctx_executor(cx), bump, runs);
    filch_blocking {
        rc = settle(f);
    }
    return rc;
}

Test(blocking, a_wait_in_it_runs_what_it_waits_for)
{
    atomic_int runs = 0;
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    for (int i = 0; i < 100; i++)
        cr_assert_eq(settle(filch_submit(ex, wait_blocking, &runs)), 0);
    cr_assert_eq(atomic_load(&runs), 100);
    cr_assert_eq(filch_executor_threads(ex), 1);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int leave_by_return(int *left)
{
    filch_blocking {
        *left = 1;
        return 3;
    }
    return 4;
}

static int return_from_block(filch_ctx *cx, void *arg, void *result)
{
    int left = 0;
    (void)cx;
    (void)result;
    if (leave_by_return(&left) != 3 || left != 1)
        return -EPROTO;
    return stand_blocking(cx, arg, result);
}

Test(blocking, is_left_by_return)
{
    run_beside(return_from_block);
}

/* The pool of one waits for a task that a helper runs outside: meanwhile a
 * spare runs what else there is. */
static int wait_for_arg(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    (void)result;
    return outcome(f);
}

static int help(void *f)
{
    return filch_future_help(f);
}

Test(blocking, a_waiter_gives_its_place_away)
{
    struct gate gate;
    struct gate plug;
    struct reader helper;
    gate_init(&gate);
    gate_init(&plug);
    filch_executor *ex = open_pool(1);
    filch_future *plugged = occupy(ex, &plug);
    filch_future *child = filch_submit(ex, stand, &gate);
    reader_start(&helper, help, child);
    gate_await(&gate, 1);
    filch_future *waiter = filch_submit(ex, wait_for_arg, child);
    filch_future *other = filch_submit(ex, nothing, NULL);
    gate_pass(&plug, 1);
    cr_assert_eq(settle(other), 0, "while the waiter waits");
    cr_assert_eq(filch_future_state(waiter), FILCH_RUNNING);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(waiter), 0);
    cr_assert_eq(reader_join(&helper), 1);
    cr_assert_eq(settle(child), 0);
    cr_assert_eq(settle(plugged), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
