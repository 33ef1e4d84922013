/* SPDX-License-Identifier: MIT */
/* filch_for that fails: the first failure by number, with its message. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(for_failure, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers, MOST = 20000, WIDE = 1000 };

/* Fails with -1000 - i % 1000 at each number i of a step, from one on. */
struct plan {
    struct company company;
    size_t end, first_bad, step;
    bool is_backwards; /* the right one of two threads fails first */
    bool is_forwards;  /* the left one */
    atomic_int failures;
    atomic_uchar often[MOST];
};

static struct plan plan;

static int code_of(size_t i)
{
    return -1000 - (int)(i % 1000);
}

static bool is_bad(size_t i)
{
    return i >= plan.first_bad && (i - plan.first_bad) % plan.step == 0;
}

/* In company: one half waits for a failure in the other. */
static void await_others(size_t i)
{
    company_meet(&plan.company);
    if (plan.is_backwards && i < plan.end / 2)
        UNTIL(atomic_load(&plan.failures) > 0);
    if (plan.is_forwards && i >= plan.end / 2)
        UNTIL(atomic_load(&plan.failures) > 0);
}

static int fail_by_plan(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)arg;
    await_others(begin);
    for (size_t i = begin; i < end; i++) {
        if (i < MOST)
            atomic_fetch_add(&plan.often[i], 1);
        if (is_bad(i)) {
            atomic_fetch_add(&plan.failures, 1);
            return filch_failf(cx, code_of(i), "number %zu", i);
        }
    }
    return 0;
}

static void draw_up(size_t end, size_t first_bad, size_t step, bool in_company)
{
    company_init(&plan.company, in_company);
    plan.end = end;
    plan.first_bad = first_bad;
    plan.step = step;
    plan.is_backwards = false;
    plan.is_forwards = false;
    atomic_store(&plan.failures, 0);
    memset(plan.often, 0, sizeof plan.often);
}

static int loop(filch_ctx *cx, void *frame)
{
    (void)frame;
    return filch_for(filch_ctx_executor(cx), 0, plan.end, fail_by_plan, NULL);
}

static int loop_in_task(filch_ctx *cx, void *arg, void *result)
{
    struct company_call call = {&plan.company, loop, NULL};
    (void)arg;
    (void)result;
    return company_begin(cx, &call);
}

static void expect_first(filch_executor *ex)
{
    struct filch_failure why;
    char message[40];
    filch_future *f = filch_submit(ex, loop_in_task, NULL);
    snprintf(message, sizeof message, "number %zu", plan.first_bad);
    cr_assert_eq(
        filch_future_failure(f, FILCH_FOREVER, &why), code_of(plan.first_bad));
    cr_assert_str_eq(why.message, message);
    cr_assert_str_eq(why.task, "loop_in_task");
    filch_future_release(f);
    for (size_t i = 0; i < MOST; i++) {
        cr_assert_leq(atomic_load(&plan.often[i]), 1);
        if (i <= plan.first_bad)
            cr_assert_eq(atomic_load(&plan.often[i]), 1, "number %zu", i);
    }
}

Test(for_failure, the_first_one)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t bad = 0; bad < MOST; bad = bad * 3 + 1)
            for (size_t step = 1; step < MOST; step *= 17) {
                draw_up(MOST, bad, step, false);
                expect_first(ex);
            }
        draw_up(MOST, MOST - 1, 1, false);
        expect_first(ex);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(for_failure, the_first_one_of_as_many_as_can_be)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (int i = 0; i < 10; i++) {
            draw_up(SIZE_MAX, (size_t)i * WIDE, WIDE, false);
            expect_first(ex);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* What a thief met comes back, if what is left of it is well; else not, whether
 * it was there before or came later. */
Test(for_failure, of_a_thief)
{
    for (int w = 1; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t bad = 0; bad < 20; bad++) {
            draw_up(20, bad, 20, true);
            expect_first(ex);
            draw_up(20, bad, 10, true);
            plan.is_backwards = bad < 10;
            expect_first(ex);
            draw_up(20, bad, 10, true);
            plan.is_forwards = bad < 10;
            expect_first(ex);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* No message where there is none: not that of another failure. */
static int fail_in_silence(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)end;
    (void)arg;
    await_others(begin);
    if (begin < plan.end / 2)
        return -ENXIO;
    atomic_fetch_add(&plan.failures, 1);
    return filch_failf(cx, -EIO, "loud");
}

static int silence_in_task(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    company_await(cx);
    return filch_for(
        filch_ctx_executor(cx), 0, plan.end, fail_in_silence, NULL);
}

Test(for_failure, a_message_goes_with_its_failure)
{
    filch_executor *ex = open_pool(2);
    struct filch_failure why;
    draw_up(2, 0, 1, true);
    plan.is_backwards = true;
    filch_future *f = filch_submit(ex, silence_in_task, NULL);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -ENXIO);
    cr_assert_str_eq(why.message, filch_strerror(-ENXIO));
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* From outside, the code alone comes back. */
Test(for_failure, from_outside)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        draw_up(MOST, 4000, 3, false);
        cr_assert_eq(filch_for(ex, 0, MOST, fail_by_plan, NULL), code_of(4000));
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* A task that gets over it is none that fails. */
static int get_over(filch_ctx *cx, void *arg, void *result)
{
    return loop_in_task(cx, arg, result) == code_of(7) ? 0 : -EINVAL;
}

Test(for_failure, that_a_task_gets_over)
{
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 2; i++) {
        draw_up(10, 7, 1, i);
        cr_assert_eq(settle(filch_submit(ex, get_over, NULL)), 0);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}
