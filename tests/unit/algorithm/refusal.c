/* SPDX-License-Identifier: MIT */
/* Loops that do not begin, or do not go on: told to stop, refused. */
#include "../../support/child.h"
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(refusal, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers };

/* Told to stop: no part begins any more. */
struct stop {
    struct company company;
    size_t count, at; /* numbers; the one that tells */
    atomic_int parts;
};

static int stop_at(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct stop *stop = arg;
    company_meet(&stop->company);
    atomic_fetch_add(&stop->parts, 1);
    if (begin <= stop->at && stop->at < end)
        MUST(filch_executor_shutdown(filch_ctx_executor(cx), FILCH_STOP_RUNNING,
                 FILCH_POLL) == -ETIMEDOUT);
    UNTIL(stop->at >= stop->count || filch_stopping(cx));
    return 0;
}

static int loop_until_stop(filch_ctx *cx, void *frame)
{
    struct stop *stop = frame;
    return filch_for(filch_ctx_executor(cx), 0, stop->count, stop_at, stop);
}

static void expect_stop(int many, size_t count, size_t at, int rc)
{
    struct stop stop = {.count = count, .at = at};
    filch_executor *ex = open_pool(many);
    company_init(&stop.company, many > 1);
    cr_assert_eq(company_run(ex, &stop.company, loop_until_stop, &stop), rc);
    if (many == 1)
        cr_assert_eq(atomic_load(&stop.parts), 1);
    cr_assert_leq(atomic_load(&stop.parts), many);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(refusal, told_to_stop)
{
    expect_stop(1, 30, 0, -ECANCELED);
    expect_stop(1, 1, 0, 0);
    for (int w = 1; w < POOLS; w++) {
        expect_stop(workers[w], 30, 0, -ECANCELED);
        expect_stop(workers[w], 30, 15, -ECANCELED);
        expect_stop(workers[w], 2, 1, 0);
    }
}

/* A failure before what was not begun counts. */
static int stop_and_fail(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)begin;
    (void)end;
    (void)arg;
    MUST(filch_executor_shutdown(filch_ctx_executor(cx), FILCH_STOP_RUNNING,
             FILCH_POLL) == -ETIMEDOUT);
    return -EIO;
}

Test(refusal, before_it_was_told_to_stop)
{
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_for(ex, 0, 10, stop_and_fail, NULL), -EIO);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int never(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)cx;
    (void)begin;
    (void)end;
    (void)arg;
    MUST(false);
    return 0;
}

static int loop_when_stopped(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    (void)result;
    stand_at(arg);
    UNTIL(filch_stopping(cx));
    MUST(filch_for(ex, 5, 5, never, NULL) == 0);
    return filch_for(ex, 0, 100, never, NULL);
}

Test(refusal, before_anything_has_begun)
{
    struct gate gate;
    filch_executor *ex = open_pool(2);
    gate_init(&gate);
    filch_future *f = filch_submit(ex, loop_when_stopped, &gate);
    gate_await(&gate, 1);
    gate_pass(&gate, 1);
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_STOP_RUNNING, FILCH_FOREVER), 0);
    cr_assert_eq(settle(f), -ECANCELED);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Refused: every one of them. */
static int never_folded(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)sum;
    return never(cx, begin, end, arg);
}

static int never_found(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    (void)found;
    return never(cx, begin, end, arg);
}

static int never_tiled(filch_ctx *cx, const struct filch_tile *tile, void *arg)
{
    return never(cx, tile->row_begin, tile->row_end, arg);
}

static void never_combined(void *left, const void *right, void *arg)
{
    (void)left;
    (void)right;
    (void)arg;
    MUST(false);
}

/* True: all were refused with this. */
static bool is_refused(filch_executor *ex, int code)
{
    struct filch_tile whole = {0, 100, 0, 100};
    bool is = filch_for(ex, 0, 100, never, NULL) == code &&
              filch_for_2d(ex, &whole, 1, 1, never_tiled, NULL) == code &&
              filch_find_if(ex, 0, 100, never_found, NULL, NULL) == code &&
              filch_any_of(ex, 0, 100, never, NULL) == code;
    for (int reproducible = 0; reproducible < 2; reproducible++) {
        long result;
        struct filch_sum sum = {.fold = never_folded,
            .combine = never_combined,
            .bytes = sizeof result,
            .is_reproducible = reproducible};
        is = is && filch_reduce(ex, 0, 100, &sum, &result) == code &&
             filch_scan(ex, 0, 100, &sum, never_folded, &result) == code;
    }
    return is;
}

Test(refusal, of_an_executor_that_is_shut_down)
{
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert(is_refused(ex, FILCH_ESHUTDOWN));
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int refuse_start(filch_ctx *cx, void *data)
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

Test(refusal, of_an_executor_that_is_broken)
{
    filch_executor *ex = open_with((struct filch_config){
        .workers = 2, .on_start = refuse_start, .on_unobserved = ignore});
    cr_assert(is_refused(ex, FILCH_EBROKEN));
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int look_in_child(void *ex)
{
    return is_refused(ex, FILCH_EFORKED) ? 7 : 8;
}

Test(refusal, in_a_child_of_fork)
{
    struct child child;
    filch_executor *ex = open_pool(2);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    run_child(&child, look_in_child, ex);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 7,
        "status %#x, said '%s'", (unsigned)child.status, child.err);
    cr_assert_eq(filch_executor_close(ex), 0);
}
