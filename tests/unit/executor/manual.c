/* SPDX-License-Identifier: MIT */
/* A manual executor: nothing runs until somebody steps it, or waits. */
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(manual, .timeout = 120);

static filch_executor *open_manual(void)
{
    return open_with((struct filch_config){.backend = FILCH_MANUAL});
}

struct diary {
    char text[100];
};

static struct diary diary;

static int write_down(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    strncat(diary.text, arg, sizeof diary.text - strlen(diary.text) - 1);
    return 0;
}

static void *submit_elsewhere(void *ex)
{
    filch_future_release(filch_submit(ex, write_down, "elsewhere,"));
    return NULL;
}

Test(manual, runs_one_by_one_in_the_order_of_the_submits)
{
    pthread_t thread;
    filch_executor *ex = open_manual();
    filch_future_release(filch_submit(ex, write_down, "first,"));
    MUST(pthread_create(&thread, NULL, submit_elsewhere, ex) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    filch_future_release(filch_submit(ex, write_down, "last"));
    cr_assert_eq(filch_executor_pending(ex), 3);
    cr_assert_str_empty(diary.text);
    cr_assert_eq(filch_step(ex), 1);
    cr_assert_str_eq(diary.text, "first,");
    cr_assert_eq(filch_step(ex), 1);
    cr_assert_str_eq(diary.text, "first,elsewhere,");
    cr_assert_eq(filch_step(ex), 1);
    cr_assert_str_eq(diary.text, "first,elsewhere,last");
    cr_assert_eq(filch_step(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual, has_one_worker_and_no_thread)
{
    filch_executor *ex = open_with((struct filch_config){
        .workers = 5, .spares = 7, .backend = FILCH_MANUAL});
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_executor_workers(ex), 1);
    cr_assert_eq(filch_step_all(ex), 1);
    cr_assert_eq(filch_executor_threads(ex), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL), 0);
    cr_assert_eq(filch_executor_workers(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int submit_two(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    for (int i = 0; i < 2; i++)
        filch_future_release(filch_submit(filch_ctx_executor(cx), bump, arg));
    return 0;
}

Test(manual, step_all_runs_what_is_submitted_meanwhile)
{
    atomic_int runs = 0;
    filch_executor *ex = open_manual();
    filch_future_release(filch_submit(ex, submit_two, &runs));
    cr_assert_eq(filch_step_all(ex), 3);
    cr_assert_eq(atomic_load(&runs), 2);
    cr_assert_eq(filch_step_all(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual, skips_what_was_cancelled)
{
    atomic_int runs = 0;
    filch_executor *ex = open_manual();
    filch_future *a = filch_submit(ex, bump, &runs);
    filch_future *b = filch_submit(ex, bump, &runs);
    cr_assert_eq(filch_future_cancel(a), 1);
    cr_assert_eq(filch_step(ex), 1);
    cr_assert_eq(filch_future_state(b), FILCH_DONE);
    cr_assert_eq(filch_step(ex), 0);
    cr_assert_eq(atomic_load(&runs), 1);
    filch_future_release(a);
    filch_future_release(b);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual, a_wait_runs_what_it_waits_for_and_nothing_else)
{
    atomic_int others = 0;
    int n = 7;
    filch_executor *ex = open_manual();
    filch_future *before = filch_submit(ex, bump, &others);
    filch_future *f = filch_submit(ex, echo, &n);
    cr_assert_eq(filch_future_result(f, FILCH_POLL, NULL, 0), -ETIMEDOUT);
    cr_assert_eq(filch_future_state(f), FILCH_PENDING);
    cr_assert_eq(int_result(f), 7);
    cr_assert_eq(atomic_load(&others), 0);
    cr_assert_eq(filch_step_all(ex), 1);
    filch_future_release(before);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual, what_a_wait_has_run_waits_no_more)
{
    filch_executor *ex = open_with((struct filch_config){
        .backend = FILCH_MANUAL, .queue_limit = 1, .when_full = FILCH_REJECT});
    for (int i = 0; i < 3; i++) {
        filch_future *f = filch_submit(ex, nothing, NULL);
        cr_assert_eq(settle(f), 0);
        cr_assert_eq(filch_executor_pending(ex), 0);
    }
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual, wait_for_the_first_runs_one)
{
    atomic_int runs = 0;
    filch_future *fs[3];
    filch_executor *ex = open_manual();
    for (int i = 0; i < 3; i++)
        fs[i] = filch_submit(ex, bump, &runs);
    cr_assert_eq(filch_wait(fs, 3, FILCH_FIRST, FILCH_FOREVER, NULL), 1);
    cr_assert_eq(atomic_load(&runs), 1);
    cr_assert_eq(
        filch_wait(fs, 3, FILCH_FIRST_FAILURE, FILCH_FOREVER, NULL), 3);
    cr_assert_eq(filch_wait(fs, 3, FILCH_ALL, FILCH_POLL, NULL), 3);
    for (int i = 0; i < 3; i++)
        filch_future_release(fs[i]);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual, a_completion_queue_runs_its_members)
{
    filch_completion_queue *cq;
    int n = 3;
    void *tag = NULL;
    filch_executor *ex = open_manual();
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    for (int i = 0; i < 3; i++) {
        filch_future *f = filch_submit(ex, echo, &n);
        cr_assert_eq(filch_completion_queue_add(cq, f, &n), 0);
        filch_future_release(f);
    }
    cr_assert_eq(
        filch_completion_queue_next(cq, FILCH_POLL, NULL, NULL), -ETIMEDOUT);
    for (int i = 0; i < 3; i++) {
        filch_future *f;
        cr_assert_eq(
            filch_completion_queue_next(cq, FILCH_FOREVER, &f, &tag), 1);
        cr_assert_eq(int_result(f), 3);
        cr_assert_eq(tag, &n);
        filch_future_release(f);
    }
    cr_assert_eq(filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL), 0);
    filch_completion_queue_close(cq);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* A worker of an executor with threads waits for what nobody steps. */
static int await_other(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return outcome(arg);
}

static int take_from_queue(filch_ctx *cx, void *cq, void *result)
{
    (void)cx;
    (void)result;
    return filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL) == 1
               ? 0
               : -EPROTO;
}

Test(manual, a_wait_in_a_task_of_another_executor)
{
    filch_completion_queue *cq;
    filch_executor *ex = open_manual();
    filch_executor *pool = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(settle(filch_submit(pool, await_other, f)), 0);
    filch_future_release(f);
    f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    cr_assert_eq(filch_completion_queue_add(cq, f, NULL), 0);
    cr_assert_eq(settle(filch_submit(pool, take_from_queue, cq)), 0);
    cr_assert_eq(settle(f), 0);
    filch_completion_queue_close(cq);
    cr_assert_eq(filch_executor_close(pool), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int await_itself(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return outcome(*(filch_future **)arg);
}

Test(manual, a_circle_of_waits_is_told)
{
    filch_future *fs[2];
    filch_executor *ex = open_manual();
    fs[0] = filch_submit(ex, await_itself, &fs[1]);
    fs[1] = filch_submit(ex, await_itself, &fs[0]);
    cr_assert_eq(filch_step_all(ex), 1, "the other one ran in its wait");
    cr_assert_eq(outcome(fs[0]), -EDEADLK);
    cr_assert_eq(outcome(fs[1]), -EDEADLK);
    filch_future_release(fs[0]);
    filch_future_release(fs[1]);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int look_at_number(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    return filch_ctx_worker(cx);
}

static int step_in_task(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    *(int *)arg = filch_ctx_worker(cx);
    return filch_step(filch_ctx_executor(cx));
}

Test(manual, a_step_in_a_task_has_its_number)
{
    int number = -9;
    filch_executor *ex = open_manual();
    filch_future *f = filch_submit(ex, step_in_task, &number);
    filch_future *inner = filch_submit(ex, look_at_number, NULL);
    cr_assert_eq(filch_step(ex), 1);
    cr_assert_eq(number, 0);
    cr_assert_eq(filch_future_state(inner), FILCH_DONE);
    cr_assert_eq(settle(inner), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual, only_such_ones_are_stepped)
{
    filch_executor *ex =
        open_with((struct filch_config){.workers = 1, .backend = FILCH_INLINE});
    cr_assert_eq(filch_step(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(filch_executor_open(&ex, NULL), 0);
    cr_assert_eq(filch_step(ex), -EINVAL);
    cr_assert_eq(filch_step_all(ex), -EINVAL);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(filch_step(NULL), -EINVAL);
    cr_assert_eq(filch_executor_open(&ex,
                     &(struct filch_config){.backend = (enum filch_backend)3}),
        -EINVAL);
}

Test(manual, map_for_and_forks_run_here)
{
    int in[10], out[10] = {0};
    filch_executor *ex = open_manual();
    for (int i = 0; i < 10; i++)
        in[i] = i;
    struct filch_map_spec spec = {.in = in,
        .in_stride = sizeof *in,
        .out = out,
        .out_stride = sizeof *out,
        .count = 10};
    cr_assert_eq(filch_map(ex, echo, &spec), 0);
    cr_assert_arr_eq(out, in, sizeof in);
    cr_assert_eq(filch_executor_pending(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
