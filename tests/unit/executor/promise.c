/* SPDX-License-Identifier: MIT */
/* Promises: set once, by hand, by any thread; or given up. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(promise, .timeout = 120);

struct pledge {
    filch_promise *p;
    filch_future *f;
};

static struct pledge pledge(void)
{
    struct pledge made;
    cr_assert_eq(filch_promise_open(&made.p, &made.f, NULL), 0);
    cr_assert_eq(filch_future_state(made.f), FILCH_PENDING);
    return made;
}

static void redeem(struct pledge *made)
{
    filch_promise_close(made->p);
    filch_future_release(made->f);
}

static int set_int(filch_promise *p, int value)
{
    return filch_promise_set(p, &value, sizeof value);
}

static void refuses_all(filch_promise *p, int rc)
{
    cr_assert_eq(set_int(p, 2), rc);
    cr_assert_eq(filch_promise_fail(p, -EPERM, "too late"), rc);
}

Test(behaviour, b041_a_second_value_is_refused)
{
    struct pledge made = pledge();
    cr_assert_eq(set_int(made.p, 1), 0);
    refuses_all(made.p, -EALREADY);
    cr_assert_eq(filch_promise_start(made.p), -EALREADY);
    cr_assert_eq(int_result(made.f), 1);
    cr_assert_eq(filch_future_cancel(made.f), 0);
    redeem(&made);
}

Test(behaviour, b042_a_second_failure_is_refused)
{
    struct pledge made = pledge();
    struct filch_failure why;
    cr_assert_eq(filch_promise_fail(made.p, -EIO, "disk %d", 7), 0);
    refuses_all(made.p, -EALREADY);
    cr_assert_eq(filch_future_failure(made.f, FILCH_POLL, &why), -EIO);
    cr_assert_eq(why.code, -EIO);
    cr_assert_str_eq(why.message, "disk 7");
    cr_assert_str_eq(why.task, "promise");
    cr_assert_not_null(strstr(why.where, "promise.c:"));
    redeem(&made);
}

Test(behaviour, b043_completing_a_cancelled_future_is_refused)
{
    struct pledge made = pledge();
    cr_assert_eq(filch_future_cancel(made.f), 1);
    cr_assert_eq(filch_promise_start(made.p), 0);
    refuses_all(made.p, -ECANCELED);
    cr_assert_eq(outcome(made.f), -ECANCELED);
    redeem(&made);
}

Test(promise, once_started_it_cannot_be_cancelled)
{
    struct pledge made = pledge();
    cr_assert_eq(filch_promise_start(made.p), 1);
    cr_assert_eq(filch_future_state(made.f), FILCH_RUNNING);
    cr_assert_eq(filch_future_cancel(made.f), 0);
    cr_assert_eq(filch_promise_start(made.p), -EALREADY);
    cr_assert_eq(set_int(made.p, 3), 0);
    cr_assert_eq(int_result(made.f), 3);
    redeem(&made);
}

Test(promise, given_up_it_is_lost)
{
    struct pledge made = pledge();
    struct pledge started = pledge();
    struct filch_failure why;
    cr_assert_eq(filch_promise_start(started.p), 1);
    filch_promise_close(made.p);
    filch_promise_close(started.p);
    cr_assert_eq(outcome(made.f), FILCH_ELOST);
    cr_assert_eq(
        filch_future_failure(started.f, FILCH_POLL, &why), FILCH_ELOST);
    cr_assert_str_eq(why.message, filch_strerror(FILCH_ELOST));
    cr_assert_str_eq(filch_error_name(FILCH_ELOST), "FILCH_ELOST");
    filch_future_release(made.f);
    filch_future_release(started.f);
}

Test(promise, bad_arguments)
{
    unsigned char much[FILCH_RESULT_MAX + 1] = {0};
    struct pledge made = pledge();
    filch_future *f = (filch_future *)(void *)&made;
    struct {
        struct filch_promise_options known;
        int unknown;
    } newer = {.unknown = 1};
    filch_promise *p = (filch_promise *)(void *)&made;
    cr_assert_eq(filch_promise_open(NULL, &f, NULL), -EINVAL);
    cr_assert_null(f);
    cr_assert_eq(filch_promise_call_open(
                     &p, NULL, NULL, "x\0", &newer.known, sizeof newer),
        -E2BIG);
    cr_assert_null(p);
    cr_assert_eq(filch_promise_set(made.p, much, sizeof much), -EINVAL);
    cr_assert_eq(filch_promise_set(made.p, NULL, 1), -EINVAL);
    cr_assert_eq(filch_promise_set(NULL, NULL, 0), -EINVAL);
    cr_assert_eq(filch_promise_fail(NULL, -EIO, "x"), -EINVAL);
    cr_assert_eq(filch_promise_start(NULL), -EINVAL);
    filch_promise_close(NULL);
    cr_assert_eq(filch_future_state(made.f), FILCH_PENDING);
    cr_assert_eq(filch_promise_fail(made.p, 3, "not a failure"), 0);
    cr_assert_eq(outcome(made.f), -EINVAL);
    redeem(&made);
}

Test(promise, a_result_without_bytes_and_one_of_all)
{
    unsigned char all[FILCH_RESULT_MAX], read[FILCH_RESULT_MAX];
    struct pledge none = pledge(), full = pledge();
    memset(all, 7, sizeof all);
    cr_assert_eq(filch_promise_set(none.p, NULL, 0), 0);
    cr_assert_eq(filch_promise_set(full.p, all, sizeof all), 0);
    cr_assert_eq(int_result(none.f), 0);
    cr_assert_eq(filch_future_result(full.f, FILCH_POLL, read, sizeof read), 0);
    cr_assert_eq(memcmp(all, read, sizeof all), 0);
    redeem(&none);
    redeem(&full);
}

static int read_forever(void *f)
{
    return int_result(f);
}

Test(promise, it_releases_a_blocked_reader)
{
    struct pledge made = pledge();
    struct reader reader;
    reader_start(&reader, read_forever, made.f);
    cr_assert_eq(set_int(made.p, 5), 0);
    cr_assert_eq(reader_join(&reader), 5);
    redeem(&made);
}

static int count_call(filch_future *f, void *calls)
{
    cr_assert_geq(filch_future_state(f), FILCH_DONE);
    ++*(int *)calls;
    return 0;
}

Test(promise, callbacks_and_completion_queues)
{
    int calls = 0;
    struct pledge made = pledge();
    filch_completion_queue *cq;
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    cr_assert_eq(filch_completion_queue_add(cq, made.f, NULL), 0);
    cr_assert_eq(filch_future_on_done(made.f, count_call, &calls), 0);
    cr_assert_eq(filch_future_help(made.f), 0);
    cr_assert_eq(calls, 0);
    cr_assert_eq(filch_promise_fail(made.p, -EIO, "gone"), 0);
    cr_assert_eq(calls, 1);
    cr_assert_eq(filch_completion_queue_next(cq, FILCH_POLL, NULL, NULL), 1);
    filch_completion_queue_close(cq);
    cr_assert_eq(outcome(made.f), -EIO);
    redeem(&made);
}

Test(promise, an_unread_failure_is_told_to_the_executor)
{
    struct record log = RECORD_INIT;
    struct filch_promise_options options = {.name = "resolve"};
    filch_promise *p, *unwanted;
    filch_future *f;
    filch_executor *ex =
        open_with((struct filch_config){.on_unobserved = record, .data = &log});
    cr_assert_eq(filch_promise_open_with(&p, &f, ex, &options), 0);
    cr_assert_eq(filch_promise_open(&unwanted, NULL, ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    filch_promise_close(p);
    cr_assert_eq(record_count(&log), 0);
    filch_future_release(f);
    cr_assert_eq(record_count(&log), 1);
    cr_assert_str_eq(log.task, "resolve");
    cr_assert_eq(log.code, FILCH_ELOST);
    filch_promise_close(unwanted);
    cr_assert_eq(record_count(&log), 2);
}

/* A task of a pool of one waits for a promise that nobody but the outside
 * keeps: no circle, whatever else is blocked. */
static int wait_for(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    return filch_future_result(f, FILCH_FOREVER, result, sizeof(int));
}

static int wait_for_first(filch_ctx *cx, void *f, void *result)
{
    filch_future *fs[1] = {f};
    (void)cx;
    int rc = filch_wait(fs, 1, FILCH_FIRST, FILCH_FOREVER, NULL);
    return rc < 0 ? rc
                  : filch_future_result(f, FILCH_POLL, result, sizeof(int));
}

static int wait_in_queue(filch_ctx *cx, void *f, void *result)
{
    filch_completion_queue *cq;
    (void)cx;
    MUST(filch_completion_queue_open(&cq) == 0);
    MUST(filch_completion_queue_add(cq, f, NULL) == 0);
    int rc = filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL);
    filch_completion_queue_close(cq);
    return rc < 0 ? rc
                  : filch_future_result(f, FILCH_POLL, result, sizeof(int));
}

static void awaits_in_a_task(filch_task *wait)
{
    struct pledge made = pledge();
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    filch_future *f = filch_submit(ex, wait, made.f);
    filch_future *on_it = filch_submit(ex, wait, f);
    UNTIL(filch_future_state(f) == FILCH_RUNNING);
    cr_assert_eq(set_int(made.p, 8), 0);
    cr_assert_eq(int_result(f), 8);
    cr_assert_eq(int_result(on_it), 8);
    filch_future_release(f);
    filch_future_release(on_it);
    cr_assert_eq(filch_executor_close(ex), 0);
    redeem(&made);
}

Test(promise, awaited_in_a_task)
{
    awaits_in_a_task(wait_for);
}

Test(promise, awaited_in_a_task_among_others)
{
    awaits_in_a_task(wait_for_first);
}

Test(promise, awaited_in_a_task_through_a_queue)
{
    awaits_in_a_task(wait_in_queue);
}

static int set_from_a_task(filch_ctx *cx, void *p, void *result)
{
    (void)cx;
    (void)result;
    return set_int(p, 9);
}

Test(promise, one_task_keeps_what_the_other_waits_for)
{
    struct pledge made = pledge();
    filch_executor *ex = open_pool(1);
    filch_future *reader = filch_submit(ex, wait_for, made.f);
    filch_future *keeper = filch_submit(ex, set_from_a_task, made.p);
    cr_assert_eq(int_result(reader), 9);
    cr_assert_eq(settle(keeper), 0);
    filch_future_release(reader);
    cr_assert_eq(filch_executor_close(ex), 0);
    redeem(&made);
}
