/* SPDX-License-Identifier: MIT */
/* filch_any_of: yes, as soon as one has said so. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(any_of, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers, MOST = 20000 };

struct plan {
    struct company company;
    size_t begin, end, wanted, bad; /* one of each; SIZE_MAX: none */
    bool is_yes_late;               /* after the failure */
    atomic_int failures;
};

static struct plan plan;

static int ask(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)arg;
    MUST(plan.begin <= begin && begin < end && end <= plan.end);
    company_meet(&plan.company);
    if (begin <= plan.bad && plan.bad < end) {
        atomic_fetch_add(&plan.failures, 1);
        return filch_failf(cx, -EIO, "bad");
    }
    if (begin > plan.wanted || plan.wanted >= end)
        return 0;
    if (plan.is_yes_late)
        UNTIL(atomic_load(&plan.failures) > 0);
    return 3;
}

static void draw_up(
    size_t begin, size_t end, size_t wanted, size_t bad, bool in_company)
{
    company_init(&plan.company, in_company);
    plan.begin = begin;
    plan.end = end;
    plan.wanted = wanted;
    plan.bad = bad;
    plan.is_yes_late = false;
    atomic_store(&plan.failures, 0);
}

static int ask_all(filch_ctx *cx, void *frame)
{
    (void)frame;
    return filch_any_of(
        filch_ctx_executor(cx), plan.begin, plan.end, ask, NULL);
}

static int answer(filch_executor *ex)
{
    return company_run(ex, &plan.company, ask_all, NULL);
}

Test(any_of, yes_or_no)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t i = 0; i < MOST; i = 3 * i + 1) {
            draw_up(0, MOST, i, SIZE_MAX, false);
            cr_assert_eq(answer(ex), 1);
            draw_up(SIZE_MAX - MOST, SIZE_MAX, SIZE_MAX - 1 - i, SIZE_MAX, 0);
            cr_assert_eq(answer(ex), 1);
            draw_up(0, SIZE_MAX, SIZE_MAX - 1 - i, SIZE_MAX, false);
            cr_assert_eq(answer(ex), 1);
            draw_up(0, MOST, SIZE_MAX, i, false);
            cr_assert_eq(answer(ex), -EIO);
        }
        draw_up(0, SIZE_MAX, SIZE_MAX, SIZE_MAX, false);
        cr_assert_eq(answer(ex), 0);
        draw_up(9, 9, 9, 9, false);
        cr_assert_eq(answer(ex), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(any_of, yes_or_no_in_company)
{
    for (int w = 1; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t i = 0; i < 20; i++) {
            draw_up(10, 30, 10 + i, SIZE_MAX, true);
            cr_assert_eq(answer(ex), 1);
            draw_up(10, 30, SIZE_MAX, 10 + i, true);
            cr_assert_eq(answer(ex), -EIO);
        }
        draw_up(10, 30, SIZE_MAX, SIZE_MAX, true);
        cr_assert_eq(answer(ex), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Yes, though something has failed before, in both senses of the word; both are
 * being done when the failure comes. */
Test(any_of, yes_beside_a_failure)
{
    static const size_t sides[][2] = {{0, 1}, {1, 0}};
    for (int w = 1; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (int i = 0; i < 2; i++) {
            draw_up(0, 2, sides[i][0], sides[i][1], true);
            plan.is_yes_late = true;
            cr_assert_eq(answer(ex), 1);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* What a task has said of its own failure stays, whoever says yes. */
static int say_yes(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    atomic_int *yes = arg;
    (void)cx;
    (void)end;
    company_meet(&plan.company);
    if (begin == 0) /* the task's thread: later than the other */
        UNTIL(atomic_load(yes) > 0);
    else
        for (int i = 0; i < 1000; i++) /* time for the order to show */
            sched_yield();
    atomic_fetch_add(yes, 1);
    return 1;
}

static int fail_and_ask(filch_ctx *cx, void *arg, void *result)
{
    atomic_int yes = 0;
    (void)result;
    int rc = filch_failf(cx, -EPERM, "said before");
    company_await(cx);
    MUST(filch_any_of(filch_ctx_executor(cx), 0, 2, say_yes, &yes) == 1);
    (void)arg;
    return rc;
}

Test(any_of, leaves_the_message_of_the_task)
{
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 200; i++) {
        struct filch_failure why;
        company_init(&plan.company, true);
        filch_future *f = filch_submit(ex, fail_and_ask, NULL);
        cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EPERM);
        cr_assert_str_eq(why.message, "said before");
        filch_future_release(f);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Nothing begins once the answer is there: on one worker, nothing at all. */
static int ask_once(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)cx;
    (void)end;
    MUST(begin == 0 && atomic_fetch_add((atomic_int *)arg, 1) == 0);
    return 1;
}

Test(any_of, nothing_behind_it)
{
    atomic_int calls = 0;
    filch_executor *ex = open_pool(1);
    cr_assert_eq(filch_any_of(ex, 0, 1000, ask_once, &calls), 1);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(any_of, nonsense)
{
    filch_executor *ex = open_pool(2);
    draw_up(0, 9, 0, 0, false);
    cr_assert_eq(filch_any_of(NULL, 0, 9, ask, NULL), -EINVAL);
    cr_assert_eq(filch_any_of(ex, 0, 9, NULL, NULL), -EINVAL);
    cr_assert_eq(filch_any_of(ex, 9, 0, ask, NULL), -EINVAL);
    cr_assert_eq(filch_executor_close(ex), 0);
}
