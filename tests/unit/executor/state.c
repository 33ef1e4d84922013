/* SPDX-License-Identifier: MIT */
/* A future's state, seen with and without waiting. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"

#include <criterion/criterion.h>

TestSuite(behaviour, .timeout = 120);

/* One future in each state. */
struct zoo {
    filch_executor *ex;
    struct gate gate;
    int n;
    filch_future *running;
    filch_future *pending;
    filch_future *done;
    filch_future *failed;
    filch_future *cancelled;
};

static void open_zoo(struct zoo *z)
{
    z->ex = open_pool(1);
    z->n = 64;
    gate_init(&z->gate);
    z->done = filch_submit(z->ex, echo, &z->n);
    z->failed = filch_submit(z->ex, burn, NULL);
    cr_assert_eq(outcome(z->done), 0);
    cr_assert_eq(outcome(z->failed), -EIO);
    z->running = occupy(z->ex, &z->gate);
    z->pending = filch_submit(z->ex, nothing, NULL);
    z->cancelled = filch_submit(z->ex, nothing, NULL);
    cr_assert_eq(filch_future_cancel(z->cancelled), 1);
}

static void close_zoo(struct zoo *z)
{
    gate_pass(&z->gate, 1);
    cr_assert_eq(settle(z->running), 0);
    filch_future_release(z->pending);
    filch_future_release(z->done);
    filch_future_release(z->failed);
    filch_future_release(z->cancelled);
    cr_assert_eq(filch_executor_close(z->ex), 0);
}

Test(behaviour, b032_cancel)
{
    struct zoo z;
    open_zoo(&z);
    cr_assert_eq(filch_future_cancel(z.running), 0);
    cr_assert_eq(filch_future_state(z.running), FILCH_RUNNING);
    cr_assert_eq(filch_future_cancel(z.done), 0);
    cr_assert_eq(filch_future_state(z.done), FILCH_DONE);
    cr_assert_eq(filch_future_cancel(z.failed), 0);
    cr_assert_eq(filch_future_state(z.failed), FILCH_FAILED);
    cr_assert_eq(filch_future_cancel(z.cancelled), 1);
    cr_assert_eq(filch_future_cancel(z.pending), 1);
    cr_assert_eq(filch_future_cancel(z.pending), 1);
    cr_assert_eq(filch_future_state(z.pending), FILCH_CANCELLED);
    cr_assert_eq(filch_future_cancel(NULL), -EINVAL);
    close_zoo(&z);
}

Test(behaviour, b033_cancelled_is_only_the_cancelled)
{
    struct zoo z;
    open_zoo(&z);
    cr_assert_eq(filch_future_state(z.cancelled), FILCH_CANCELLED);
    cr_assert_neq(filch_future_state(z.pending), FILCH_CANCELLED);
    cr_assert_neq(filch_future_state(z.running), FILCH_CANCELLED);
    cr_assert_neq(filch_future_state(z.done), FILCH_CANCELLED);
    cr_assert_neq(filch_future_state(z.failed), FILCH_CANCELLED);
    close_zoo(&z);
}

Test(behaviour, b034_final_states)
{
    struct zoo z;
    open_zoo(&z);
    cr_assert_eq(filch_future_state(z.pending), FILCH_PENDING);
    cr_assert_eq(filch_future_state(z.done), FILCH_DONE);
    cr_assert_eq(filch_future_state(z.failed), FILCH_FAILED);
    cr_assert_eq(filch_future_state(NULL), FILCH_FAILED);
    close_zoo(&z);
}

static int state_of_itself(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    filch_future *self = atomic_load((_Atomic(filch_future *) *)arg);
    int state = (int)filch_future_state(self);
    memcpy(result, &state, sizeof state);
    return 0;
}

Test(behaviour, b035_running_only_while_running)
{
    struct zoo z;
    _Atomic(filch_future *) self = NULL;
    open_zoo(&z);
    filch_future *f = filch_submit(z.ex, state_of_itself, &self);
    atomic_store(&self, f);
    cr_assert_eq(filch_future_state(f), FILCH_PENDING);
    cr_assert_eq(filch_future_state(z.running), FILCH_RUNNING);
    gate_pass(&z.gate, 1);
    cr_assert_eq(int_result(f), FILCH_RUNNING);
    cr_assert_eq(filch_future_state(f), FILCH_DONE);
    filch_future_release(f);
    cr_assert_eq(outcome(z.running), 0);
    cr_assert_eq(filch_future_state(z.running), FILCH_DONE);
    close_zoo(&z);
}

Test(behaviour, b036_result_without_waiting)
{
    struct zoo z;
    int value = -1;
    open_zoo(&z);
    cr_assert_eq(
        filch_future_result(z.pending, FILCH_POLL, NULL, 0), -ETIMEDOUT);
    cr_assert_eq(
        filch_future_result(z.running, FILCH_POLL, NULL, 0), -ETIMEDOUT);
    cr_assert_eq(
        filch_future_result(z.running, INT64_MIN, NULL, 0), -ETIMEDOUT);
    cr_assert_eq(
        filch_future_result(z.running, filch_after(FILCH_MS(1)), NULL, 0),
        -ETIMEDOUT);
    cr_assert_eq(
        filch_future_result(z.cancelled, FILCH_POLL, NULL, 0), -ECANCELED);
    cr_assert_eq(filch_future_result(z.failed, FILCH_POLL, NULL, 0), -EIO);
    cr_assert_eq(
        filch_future_result(z.done, FILCH_POLL, &value, sizeof value), 0);
    cr_assert_eq(value, 64);
    close_zoo(&z);
}

Test(behaviour, b037_failure_without_waiting)
{
    struct zoo z;
    struct filch_failure why = {0};
    open_zoo(&z);
    cr_assert_eq(filch_future_failure(z.pending, FILCH_POLL, &why), -ETIMEDOUT);
    cr_assert_eq(filch_future_failure(z.running, FILCH_POLL, &why), -ETIMEDOUT);
    cr_assert_eq(
        filch_future_failure(z.cancelled, FILCH_POLL, &why), -ECANCELED);
    cr_assert_eq(filch_future_failure(z.done, FILCH_POLL, &why), 0);
    cr_assert_null(why.message, "not filled unless it failed");
    cr_assert_eq(filch_future_failure(z.failed, FILCH_POLL, &why), -EIO);
    cr_assert_eq(why.code, -EIO);
    cr_assert_str_eq(why.message, "disk on fire");
    close_zoo(&z);
}

Test(state, results_are_refused_with_bad_arguments)
{
    struct zoo z;
    char big[FILCH_RESULT_MAX + 1];
    struct filch_failure why;
    open_zoo(&z);
    cr_assert_eq(filch_future_result(NULL, FILCH_POLL, NULL, 0), -EINVAL);
    cr_assert_eq(filch_future_result(z.done, FILCH_POLL, NULL, 4), -EINVAL);
    cr_assert_eq(
        filch_future_result(z.done, FILCH_POLL, big, sizeof big), -EINVAL);
    cr_assert_eq(
        filch_future_result(z.done, FILCH_POLL, big, SIZE_MAX), -EINVAL);
    cr_assert_eq(filch_future_failure(NULL, FILCH_POLL, &why), -EINVAL);
    cr_assert_eq(filch_future_failure(z.failed, FILCH_POLL, NULL), -EINVAL);
    cr_assert_eq(filch_future_help(NULL), -EINVAL);
    cr_assert_null(filch_future_retain(NULL));
    close_zoo(&z);
}

static int read_result(void *f)
{
    int value = 0;
    int rc = filch_future_result(f, FILCH_FOREVER, &value, sizeof value);
    return rc != 0 ? rc : value;
}

static int echo_late(filch_ctx *cx, void *arg, void *result)
{
    int n = 91;
    (void)cx;
    stand_at(arg);
    memcpy(result, &n, sizeof n);
    return 0;
}

static int burn_late(filch_ctx *cx, void *arg, void *result)
{
    stand_at(arg);
    return burn(cx, NULL, result);
}

/* A reader that sleeps on @p fn's future, and what it gets. */
static int read_late(filch_task *fn)
{
    filch_executor *ex = open_pool(1);
    struct gate gate;
    struct reader reader;
    gate_init(&gate);
    filch_future *f = filch_submit(ex, fn, &gate);
    gate_await(&gate, 1);
    reader_start(&reader, read_result, f);
    gate_pass(&gate, 1);
    int rc = reader_join(&reader);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
    return rc;
}

Test(behaviour, b038_a_value_releases_a_blocked_reader)
{
    cr_assert_eq(read_late(echo_late), 91);
}

Test(behaviour, b039_a_cancel_releases_a_blocked_reader)
{
    struct zoo z;
    struct reader reader;
    open_zoo(&z);
    reader_start(&reader, read_result, z.pending);
    cr_assert_eq(filch_future_cancel(z.pending), 1);
    cr_assert_eq(reader_join(&reader), -ECANCELED);
    close_zoo(&z);
}

Test(behaviour, b040_a_failure_releases_a_blocked_reader)
{
    cr_assert_eq(read_late(burn_late), -EIO);
}

/* What one reader sees of one future must fit together at every moment. */
static void check_snapshots(filch_future *f)
{
    for (int i = 0; i < 1000; i++) {
        enum filch_state before = filch_future_state(f);
        int value = 0;
        struct filch_failure why = {0};
        int rc = filch_future_result(f, FILCH_POLL, &value, sizeof value);
        int failed = filch_future_failure(f, FILCH_POLL, &why);
        enum filch_state after = filch_future_state(f);
        MUST(after >= before);
        MUST(rc == -ETIMEDOUT || (rc == 0 && value == 91));
        MUST(before != FILCH_DONE || rc == 0);
        MUST(rc != 0 || (failed == 0 && after == FILCH_DONE));
    }
}

struct readers {
    filch_future *f;
    pthread_barrier_t start;
};

static void *snapshot_main(void *arg)
{
    struct readers *r = arg;
    pthread_barrier_wait(&r->start);
    check_snapshots(r->f);
    return NULL;
}

Test(behaviour, b044_four_readers_see_consistent_snapshots)
{
    filch_executor *ex = open_pool(1);
    struct gate gate;
    struct readers r;
    pthread_t threads[4];
    gate_init(&gate);
    for (int round = 0; round < 20; round++) {
        r.f = filch_submit(ex, echo_late, &gate);
        pthread_barrier_init(&r.start, NULL, 5);
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, snapshot_main, &r);
        pthread_barrier_wait(&r.start);
        gate_pass(&gate, 1);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        cr_assert_eq(int_result(r.f), 91);
        filch_future_release(r.f);
        pthread_barrier_destroy(&r.start);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}
