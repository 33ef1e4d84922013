/* SPDX-License-Identifier: MIT */
/* filch_for_each_worker: once in each, whatever they do. */
#include "../../support/fib.h"
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(each_worker, .timeout = 60);

enum { MOST = 100 };

struct tally {
    atomic_int calls[MOST];
    atomic_int sum;
};

static int mark(filch_ctx *cx, void *arg)
{
    struct tally *tally = arg;
    atomic_fetch_add(&tally->calls[filch_ctx_worker(cx)], 1);
    atomic_fetch_add(&tally->sum, 1);
    return 0;
}

static void check_once_each(const struct tally *tally, int workers)
{
    for (int i = 0; i < workers; i++)
        cr_assert_eq(atomic_load(&tally->calls[i]), 1, "worker %d", i);
    cr_assert_eq(atomic_load(&tally->sum), workers);
}

Test(each_worker, starts_them_all_and_runs_once_in_each)
{
    static const int workers[] = {1, 2, 4, 16};
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
        filch_executor *ex = open_pool(workers[i]);
        for (int round = 0; round < 20; round++) {
            struct tally tally = {0};
            cr_assert_eq(
                filch_for_each_worker(ex, mark, &tally, FILCH_FOREVER), 0);
            check_once_each(&tally, workers[i]);
            cr_assert_eq(filch_executor_threads(ex), workers[i]);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

static int stand_blocking(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    filch_blocking {
        stand_at(arg);
    }
    return 0;
}

/* A spare has come, and has no place any more when it is called. */
Test(each_worker, spares_too)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex =
        open_with((struct filch_config){.workers = 1, .spares = 1});
    for (int round = 0; round < 10; round++) {
        filch_future *f = filch_submit(ex, stand_blocking, &gate);
        gate_await(&gate, 1);
        int one = 1;
        cr_assert_eq(settle(filch_submit(ex, echo, &one)), 0);
        gate_pass(&gate, 1);
        cr_assert_eq(settle(f), 0);
        struct tally tally = {0};
        cr_assert_eq(filch_for_each_worker(ex, mark, &tally, FILCH_FOREVER), 0);
        check_once_each(&tally, 2);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fail_above(filch_ctx *cx, void *arg)
{
    int worker = filch_ctx_worker(cx);
    return worker >= *(int *)arg
               ? filch_failf(cx, -1000 - worker, "in %d", worker)
               : 0;
}

Test(each_worker, the_first_failure_by_number)
{
    filch_executor *ex = open_pool(8);
    for (int from = 0; from < 8; from++)
        cr_assert_eq(
            filch_for_each_worker(ex, fail_above, &from, FILCH_FOREVER),
            -1000 - from);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(each_worker, a_busy_one_does_it_after_its_task)
{
    struct gate gate;
    struct tally tally = {0};
    gate_init(&gate);
    filch_executor *ex = open_pool(2);
    filch_future *f = occupy(ex, &gate);
    cr_assert_eq(
        filch_for_each_worker(ex, mark, &tally, filch_after(FILCH_MS(20))),
        -ETIMEDOUT);
    cr_assert_eq(atomic_load(&tally.sum), 1, "only the other one");
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_for_each_worker(ex, mark, &tally, FILCH_FOREVER), 0);
    cr_assert_eq(
        atomic_load(&tally.sum), 3, "what was taken back does not come");
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int stand_in_worker(filch_ctx *cx, void *gate)
{
    (void)cx;
    stand_at(gate);
    return 0;
}

struct slow {
    filch_executor *ex;
    struct gate gate;
};

static void *send_slowly(void *arg)
{
    struct slow *slow = arg;
    MUST(filch_for_each_worker(
             slow->ex, stand_in_worker, &slow->gate, FILCH_FOREVER) == 0);
    return NULL;
}

Test(each_worker, the_deadline_holds_behind_another_caller)
{
    struct slow slow;
    struct tally tally = {0};
    pthread_t thread;
    gate_init(&slow.gate);
    slow.ex = open_pool(1);
    MUST(pthread_create(&thread, NULL, send_slowly, &slow) == 0);
    gate_await(&slow.gate, 1);
    cr_assert_eq(
        filch_for_each_worker(slow.ex, mark, &tally, filch_after(FILCH_MS(1))),
        -ETIMEDOUT);
    cr_assert_eq(
        filch_for_each_worker(slow.ex, mark, &tally, -FILCH_S(1)), -ETIMEDOUT);
    gate_pass(&slow.gate, 1);
    MUST(pthread_join(thread, NULL) == 0);
    cr_assert_eq(atomic_load(&tally.sum), 0);
    cr_assert_eq(filch_executor_close(slow.ex), 0);
}

static int send_in_task(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    return filch_for_each_worker(
        filch_ctx_executor(cx), mark, arg, FILCH_FOREVER);
}

Test(each_worker, in_a_task_is_a_deadlock)
{
    struct tally tally = {0};
    filch_executor *ex = open_pool(2);
    cr_assert_eq(settle(filch_submit(ex, send_in_task, &tally)), -EDEADLK);
    cr_assert_eq(atomic_load(&tally.sum), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int send_inside(filch_ctx *cx, void *arg)
{
    return filch_for_each_worker(
        filch_ctx_executor(cx), mark, arg, FILCH_FOREVER);
}

Test(each_worker, nested_is_a_deadlock)
{
    struct tally tally = {0};
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_for_each_worker(ex, send_inside, &tally, FILCH_FOREVER),
        -EDEADLK);
    cr_assert_eq(atomic_load(&tally.sum), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fork_inside(filch_ctx *cx, void *arg)
{
    (void)arg;
    return fib(cx, 15) == 610 ? 0 : -EIO;
}

Test(each_worker, forks_inside)
{
    filch_executor *ex = open_pool(4);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(
            filch_for_each_worker(ex, fork_inside, NULL, FILCH_FOREVER), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct sender {
    filch_executor *ex;
    struct tally tally;
};

static void *send_often(void *arg)
{
    struct sender *sender = arg;
    for (int i = 0; i < 100; i++)
        MUST(filch_for_each_worker(
                 sender->ex, mark, &sender->tally, FILCH_FOREVER) == 0);
    return NULL;
}

Test(each_worker, several_callers_beside_tasks)
{
    enum { SENDERS = 3, WORKERS = 3 };
    static struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    atomic_int runs = 0;
    filch_executor *ex = open_pool(WORKERS);
    for (int i = 0; i < SENDERS; i++) {
        senders[i].ex = ex;
        MUST(pthread_create(&threads[i], NULL, send_often, &senders[i]) == 0);
    }
    for (int i = 0; i < 2000; i++)
        filch_future_release(filch_submit(ex, bump, &runs));
    for (int i = 0; i < SENDERS; i++) {
        MUST(pthread_join(threads[i], NULL) == 0);
        cr_assert_eq(atomic_load(&senders[i].tally.sum), 100 * WORKERS);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&runs), 2000);
}

Test(each_worker, refusals)
{
    struct tally tally = {0};
    filch_executor *ex = open_pool(2);
    cr_assert_eq(
        filch_for_each_worker(NULL, mark, &tally, FILCH_FOREVER), -EINVAL);
    cr_assert_eq(
        filch_for_each_worker(ex, NULL, &tally, FILCH_FOREVER), -EINVAL);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(filch_for_each_worker(ex, mark, &tally, FILCH_FOREVER),
        FILCH_ESHUTDOWN);
    cr_assert_eq(atomic_load(&tally.sum), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int refuse_to_start(filch_ctx *cx, void *data)
{
    (void)cx;
    (void)data;
    return -EIO;
}

static void ignore(void *data, const struct filch_failure *failure)
{
    (void)data;
    (void)failure;
}

Test(each_worker, a_broken_executor)
{
    struct tally tally = {0};
    filch_executor *ex = open_with((struct filch_config){
        .workers = 2, .on_start = refuse_to_start, .on_unobserved = ignore});
    cr_assert_eq(
        filch_for_each_worker(ex, mark, &tally, FILCH_FOREVER), FILCH_EBROKEN);
    cr_assert_eq(atomic_load(&tally.sum), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
