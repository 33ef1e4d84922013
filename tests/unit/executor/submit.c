/* SPDX-License-Identifier: MIT */
/* Submitting, the accepted signatures, and what a task sees of itself. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <unistd.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(submit, .timeout = 120);

static int square(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    int n = *(int *)arg * *(int *)arg;
    memcpy(result, &n, sizeof n);
    return 0;
}

static void *next_byte(void *arg)
{
    return (char *)arg + 1;
}

static int twice(void *arg)
{
    return *(int *)arg * 2;
}

static void mark(void *arg)
{
    *(int *)arg = 77;
}

Test(behaviour, b001_submit_then_result)
{
    filch_executor *ex = open_pool(2);
    int n = 12;
    filch_future *f = filch_submit(ex, square, &n);
    cr_assert_eq(int_result(f), 144);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b001_every_accepted_signature)
{
    filch_executor *ex = open_pool(1);
    int n = 21;
    int marked = 0;
    char bytes[2];
    void *pointer = NULL;
    filch_future *f = filch_submit(ex, next_byte, bytes);
    cr_assert_eq(outcome(f), 0);
    cr_assert_eq(
        filch_future_result(f, FILCH_POLL, &pointer, sizeof pointer), 0);
    cr_assert_eq(pointer, bytes + 1);
    filch_future_release(f);
    f = filch_submit(ex, twice, &n);
    cr_assert_eq(int_result(f), 42);
    filch_future_release(f);
    n = -3;
    cr_assert_eq(settle(filch_submit(ex, twice, &n)), -6);
    cr_assert_eq(settle(filch_submit(ex, mark, &marked)), 0);
    cr_assert_eq(marked, 77);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fill(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    cr_assert_eq((uintptr_t)result % _Alignof(max_align_t), 0);
    for (int i = 0; i < FILCH_RESULT_MAX; i++) {
        cr_assert_eq(((char *)result)[i], 0);
        ((char *)result)[i] = (char)(i + 1);
    }
    return 5;
}

Test(behaviour, b001_forty_bytes_of_result)
{
    filch_executor *ex = open_pool(1);
    char all[FILCH_RESULT_MAX];
    char some[4] = {9, 9, 9, 9};
    filch_future *f = filch_submit(ex, fill, NULL);
    cr_assert_eq(filch_future_result(f, FILCH_FOREVER, all, sizeof all), 0);
    for (int i = 0; i < FILCH_RESULT_MAX; i++)
        cr_assert_eq(all[i], (char)(i + 1));
    cr_assert_eq(filch_future_result(f, FILCH_POLL, some, 3), 0);
    cr_assert_eq(some[2], 3);
    cr_assert_eq(some[3], 9);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b003_submit_without_a_callable)
{
    filch_executor *ex = open_pool(1);
    filch_task *none = NULL;
    filch_future *f = filch_submit(ex, none, NULL);
    cr_assert_not_null(f);
    cr_assert_eq(filch_future_state(f), FILCH_FAILED);
    cr_assert_eq(settle(f), -EINVAL);
    cr_assert_eq(filch_submit_with(&f, ex, none, NULL, NULL), -EINVAL);
    cr_assert_null(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b004_a_failure_each_time_it_is_asked)
{
    filch_executor *ex = open_pool(1);
    struct filch_failure why;
    filch_future *f = filch_submit(ex, burn, NULL);
    for (int i = 0; i < 3; i++) {
        int value = 33;
        cr_assert_eq(
            filch_future_result(f, FILCH_FOREVER, &value, sizeof value), -EIO);
        cr_assert_eq(value, 33, "untouched unless 0 is returned");
        cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EIO);
        cr_assert_eq(why.code, -EIO);
        cr_assert_str_eq(why.message, "disk on fire");
        cr_assert_str_eq(why.task, "burn");
        cr_assert_not_null(strstr(why.where, "submit.c:"));
    }
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fail_plainly(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return -ENOENT;
}

static int fail_oddly(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    (void)filch_failf(cx, -EPERM, "forgotten");
    return filch_failf(cx, 3, "not a code: %d", 3);
}

Test(behaviour, b004_the_message_of_a_failure)
{
    filch_executor *ex = open_pool(1);
    struct filch_failure why;
    filch_future *f = filch_submit(ex, fail_plainly, NULL);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -ENOENT);
    cr_assert_str_eq(why.message, filch_strerror(-ENOENT));
    filch_future_release(f);
    f = filch_submit(ex, fail_oddly, NULL);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EINVAL);
    cr_assert_str_eq(why.message, "not a code: 3", "the last call counts");
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct seen {
    filch_executor *ex;
    int worker;
    char name[40];
};

static int look(filch_ctx *cx, void *arg, void *result)
{
    struct seen *seen = arg;
    (void)result;
    seen->ex = filch_ctx_executor(cx);
    seen->worker = filch_ctx_worker(cx);
    snprintf(seen->name, sizeof seen->name, "%s", filch_ctx_name(cx));
    return filch_stopping(cx);
}

Test(submit, a_task_sees_itself)
{
    filch_executor *ex = open_pool(1);
    struct seen seen = {0};
    cr_assert_eq(settle(filch_submit(ex, look, &seen)), 0);
    cr_assert_eq(seen.ex, ex);
    cr_assert_geq(seen.worker, 0);
    cr_assert_str_eq(seen.name, "look");
    filch_future *f = NULL;
    struct filch_submit_options named = {.name = "watchman"};
    cr_assert_eq(filch_submit_with(&f, ex, look, &seen, &named), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_str_eq(seen.name, "watchman");
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(submit, help_runs_a_waiting_task_here)
{
    filch_executor *ex = open_pool(1);
    struct gate gate;
    struct seen seen = {.worker = 99};
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = filch_submit(ex, look, &seen);
    cr_assert_eq(filch_future_help(held), 0);
    cr_assert_eq(filch_future_help(f), 1);
    cr_assert_eq(seen.worker, -1);
    cr_assert_eq(seen.ex, ex);
    cr_assert_eq(filch_future_state(f), FILCH_DONE);
    cr_assert_eq(filch_future_help(f), 0);
    filch_future_release(f);
    f = filch_submit(ex, look, &seen);
    cr_assert_eq(filch_future_cancel(f), 1);
    cr_assert_eq(filch_future_help(f), 0);
    filch_future_release(f);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int help(void *f)
{
    return filch_future_help(f);
}

/* More than those whose stacks of forks are kept. */
Test(submit, many_help_at_once)
{
    enum { HELPERS = 8 };
    struct reader helpers[HELPERS];
    filch_future *fs[HELPERS];
    struct gate gate;
    struct gate plug;
    gate_init(&gate);
    gate_init(&plug);
    filch_executor *ex = open_pool(1);
    filch_future *held = occupy(ex, &plug);
    for (int i = 0; i < HELPERS; i++) {
        fs[i] = filch_submit(ex, stand, &gate);
        reader_start(&helpers[i], help, fs[i]);
    }
    gate_await(&gate, HELPERS);
    gate_pass(&gate, HELPERS);
    for (int i = 0; i < HELPERS; i++) {
        cr_assert_eq(reader_join(&helpers[i]), 1);
        cr_assert_eq(settle(fs[i]), 0);
    }
    gate_pass(&plug, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(submit, an_unread_failure_is_reported_once)
{
    struct record log = RECORD_INIT;
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .on_unobserved = record, .data = &log});
    filch_future *f = filch_submit(ex, burn, NULL);
    cr_assert_eq(outcome(f), -EIO);
    filch_future_release(f);
    f = filch_submit(ex, burn, NULL);
    UNTIL(filch_future_state(f) == FILCH_FAILED);
    filch_future_release(f);
    UNTIL(record_count(&log) == 1);
    cr_assert_eq(filch_submit_with(NULL, ex, burn, NULL, NULL), 0);
    UNTIL(record_count(&log) == 2);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(log.count, 2);
    cr_assert_eq(log.code, -EIO);
    cr_assert_str_eq(log.message, "disk on fire");
    cr_assert_str_eq(log.task, "burn");
    cr_assert_not_null(strstr(log.where, "submit.c:"));
}

/* A job that knows its own future: what the submit writes is there before
 * the task can start. */
struct job {
    filch_future *own;
};

static int look_at_own_future(filch_ctx *cx, void *arg, void *result)
{
    struct job *job = arg;
    int state = (int)filch_future_state(job->own);
    (void)cx;
    memcpy(result, &state, sizeof state);
    return 0;
}

/* From outside, or from inside a task. */
static int submit_jobs(filch_ctx *cx, void *arg, void *result)
{
    enum { JOBS = 300 };
    static struct job jobs[JOBS];
    filch_executor *ex = arg;
    (void)cx;
    (void)result;
    for (int i = 0; i < JOBS; i++) {
        jobs[i].own = NULL;
        MUST(filch_submit_with(
                 &jobs[i].own, ex, look_at_own_future, &jobs[i], NULL) == 0);
    }
    for (int i = 0; i < JOBS; i++) {
        MUST(int_result(jobs[i].own) == FILCH_RUNNING);
        filch_future_release(jobs[i].own);
    }
    return 0;
}

Test(submit, the_future_is_set_before_the_task_starts)
{
    filch_executor *ex = open_pool(2);
    cr_assert_eq(submit_jobs(NULL, ex, NULL), 0);
    cr_assert_eq(settle(filch_submit(ex, submit_jobs, ex)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
