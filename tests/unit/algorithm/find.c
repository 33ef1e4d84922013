/* SPDX-License-Identifier: MIT */
/* filch_find_if: the first one, whoever looks at what, and when. */
#include "../../support/child.h"
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>

TestSuite(find, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers, MOST = 20000 };

/* Wanted: first, first + step, ...; bad likewise. Never: SIZE_MAX. */
struct plan {
    struct company company;
    size_t begin, end, first, step, first_bad;
    bool is_backwards; /* the right one of two threads finds first */
    atomic_int ends;   /* found, or failed */
};

static struct plan plan;

/* The first number from `begin` on, if any is before `end`. */
static bool is_within(size_t begin, size_t end, size_t *number)
{
    size_t first = plan.first;
    if (first < begin) /* rounded up; as far as there are numbers */
        first += (begin - first + plan.step - 1) / plan.step * plan.step;
    *number = first;
    return first >= begin && first < end && first >= plan.first;
}

static int look(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    size_t number;
    (void)arg;
    MUST(plan.begin <= begin && begin < end && end <= plan.end);
    company_meet(&plan.company);
    if (plan.is_backwards && begin - plan.begin < (plan.end - plan.begin) / 2)
        UNTIL(atomic_load(&plan.ends) > 0);
    bool is = is_within(begin, end, &number);
    if (plan.first_bad < end && plan.first_bad >= begin &&
        (!is || plan.first_bad < number)) {
        atomic_fetch_add(&plan.ends, 1);
        return filch_failf(cx, -EIO, "bad at %zu", plan.first_bad);
    }
    if (!is)
        return 0;
    *found = number;
    atomic_fetch_add(&plan.ends, 1);
    return 1;
}

static void draw_up(size_t begin, size_t end, size_t first, size_t step)
{
    company_init(&plan.company, false);
    plan.begin = begin;
    plan.end = end;
    plan.first = first;
    plan.step = step;
    plan.first_bad = SIZE_MAX;
    plan.is_backwards = false;
    atomic_store(&plan.ends, 0);
}

static int search(filch_ctx *cx, void *frame)
{
    return filch_find_if(
        filch_ctx_executor(cx), plan.begin, plan.end, look, NULL, frame);
}

static void expect(filch_executor *ex, int rc, size_t wanted)
{
    size_t found = 4711;
    cr_assert_eq(company_run(ex, &plan.company, search, &found), rc);
    cr_assert_eq(
        found, rc == 1 ? wanted : 4711, "found %zu, not %zu", found, wanted);
}

Test(find, the_first_one)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t first = 0; first < MOST; first = first * 3 + 1)
            for (size_t step = 1; step <= MOST; step *= 11) {
                draw_up(0, MOST, first, step);
                expect(ex, 1, first);
                draw_up(
                    SIZE_MAX - MOST, SIZE_MAX, SIZE_MAX - MOST + first, step);
                expect(ex, 1, SIZE_MAX - MOST + first);
            }
        draw_up(0, MOST, MOST - 1, 1);
        expect(ex, 1, MOST - 1);
        draw_up(0, MOST, MOST, 1);
        expect(ex, 0, 0);
        draw_up(5, 5, 5, 1);
        expect(ex, 0, 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(find, in_as_many_as_can_be)
{
    static const size_t places[] = {0, 1, 1000000007, SIZE_MAX / 2 - 1,
        SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX - 2, SIZE_MAX - 1};
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            draw_up(0, SIZE_MAX, places[i], SIZE_MAX / 3);
            expect(ex, 1, places[i]);
            draw_up(places[i], SIZE_MAX, places[i], 1);
            expect(ex, 1, places[i]);
            draw_up(places[i] / 2, SIZE_MAX, places[i], 1);
            expect(ex, 1, places[i]);
        }
        draw_up(0, SIZE_MAX, SIZE_MAX, 1);
        expect(ex, 0, 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Found by a thief; found there first, but there is one before. */
Test(find, in_company)
{
    for (int w = 1; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t first = 0; first <= 20; first++) {
            draw_up(SIZE_MAX - 20, SIZE_MAX, SIZE_MAX - 20 + first, 1);
            if (first == 20)
                plan.first = SIZE_MAX;
            company_init(&plan.company, true);
            plan.is_backwards = first < 10;
            expect(ex, first < 20, SIZE_MAX - 20 + first);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* A failure counts if it comes before. */
Test(find, a_failure_before_or_behind)
{
    for (int i = 0; i < 2 * POOLS; i++) {
        filch_executor *ex = open_pool(workers[i / 2]);
        for (size_t k = 0; k < 400; k++) {
            size_t first = k % 20, bad = k / 20;
            draw_up(0, 20, first, 7);
            plan.first_bad = bad;
            company_init(&plan.company, i > 1);
            plan.is_backwards =
                i % 2 && i > 1 &&
                ((first < 10 && bad >= 10) || (bad < 10 && first >= 10));
            expect(ex, bad < first ? -EIO : 1, first);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

static int search_in_task(filch_ctx *cx, void *arg, void *result)
{
    struct company_call call = {&plan.company, search, arg};
    (void)result;
    return company_begin(cx, &call);
}

Test(find, a_failure_with_its_message)
{
    struct filch_failure why;
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 2; i++) {
        draw_up(0, 20, 15, 1);
        plan.first_bad = 14;
        company_init(&plan.company, i);
        filch_future *f = filch_submit(ex, search_in_task, NULL);
        cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EIO);
        cr_assert_str_eq(why.message, "bad at 14");
        filch_future_release(f);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(find, nobody_asks_where)
{
    filch_executor *ex = open_pool(2);
    draw_up(0, 20, 15, 1);
    cr_assert_eq(filch_find_if(ex, 0, 20, look, NULL, NULL), 1);
    cr_assert_eq(filch_find_if(ex, 0, 15, look, NULL, NULL), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(find, nonsense)
{
    size_t found = 4711;
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_find_if(NULL, 0, 1, look, NULL, &found), -EINVAL);
    cr_assert_eq(filch_find_if(ex, 0, 1, NULL, NULL, &found), -EINVAL);
    cr_assert_eq(filch_find_if(ex, 1, 0, look, NULL, &found), -EINVAL);
    cr_assert_eq(found, 4711);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* What lies behind is not begun: on one worker, nothing. */
static int look_once(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    (void)cx;
    MUST(atomic_fetch_add((atomic_int *)arg, 1) == 0);
    *found = end - 1;
    MUST(begin == 0);
    return 2;
}

Test(find, nothing_behind_it)
{
    atomic_int calls = 0;
    size_t found = 4711;
    filch_executor *ex = open_pool(1);
    cr_assert_eq(filch_find_if(ex, 0, 1000, look_once, &calls, &found), 1);
    cr_assert_eq(found, 0);
    cr_assert_eq(atomic_load(&calls), 1);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* A place outside of the part: the program ends. */
static int point(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    (void)cx;
    *found = *(int *)arg < 0 ? begin - 1 : end;
    return 1;
}

static int point_outside(void *arg)
{
    filch_executor *ex = open_pool(2);
    (void)filch_find_if(ex, 10, 20, point, arg, NULL);
    return 0;
}

Test(find, outside_of_its_part)
{
    for (int i = -1; i <= 1; i += 2) {
        struct child child;
        run_child(&child, point_outside, &i);
        cr_assert(WIFSIGNALED(child.status), "said '%s'", child.err);
        cr_assert_eq(WTERMSIG(child.status), SIGABRT);
        cr_assert_not_null(strstr(child.err, "found"), "'%s'", child.err);
    }
}

/* Found before it was told to stop. */
static int find_and_stop(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    (void)end;
    (void)arg;
    MUST(filch_executor_shutdown(filch_ctx_executor(cx), FILCH_STOP_RUNNING,
             FILCH_POLL) == -ETIMEDOUT);
    *found = begin;
    return *(int *)arg;
}

Test(find, told_to_stop)
{
    for (int is_there = 0; is_there < 2; is_there++) {
        size_t found = 4711;
        filch_executor *ex = open_pool(1);
        cr_assert_eq(filch_find_if(ex, 8, 20, find_and_stop, &is_there, &found),
            is_there ? 1 : -ECANCELED);
        cr_assert_eq(found, is_there ? 8 : 4711);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}
