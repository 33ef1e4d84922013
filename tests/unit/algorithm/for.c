/* SPDX-License-Identifier: MIT */
/* filch_for: each number of the range is in one part. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(for_, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers, MOST = 100000 };

/* How often each number has been done, from `first` on. */
struct tally {
    struct company company;
    filch_executor *ex;
    size_t first, end;
    atomic_int parts;
    atomic_uchar often[MOST];
};

static struct tally tally;

static int count_each(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct tally *t = arg;
    MUST(begin < end && begin >= t->first && end <= t->end);
    MUST(filch_ctx_executor(cx) == t->ex);
    company_meet(&t->company);
    atomic_fetch_add(&t->parts, 1);
    for (size_t i = begin; i < end; i++)
        atomic_fetch_add(&t->often[i - t->first], 1);
    return (int)(end - begin); /* not a failure */
}

static void reset(filch_executor *ex, bool in_company)
{
    company_init(&tally.company, in_company);
    tally.ex = ex;
    memset(tally.often, 0, sizeof tally.often);
    atomic_store(&tally.parts, 0);
}

static int loop(filch_ctx *cx, void *frame)
{
    (void)cx;
    (void)frame;
    return filch_for(tally.ex, tally.first, tally.end, count_each, &tally);
}

static void expect_once(size_t first, size_t count)
{
    tally.first = first;
    tally.end = first + count;
    cr_assert_eq(company_run(tally.ex, &tally.company, loop, NULL), 0);
    for (size_t i = 0; i < MOST; i++)
        cr_assert_eq(atomic_load(&tally.often[i]), i < count,
            "%d times: number %zu of %zu from %zu on",
            atomic_load(&tally.often[i]), i, count, first);
}

Test(for_, each_number_once)
{
    static const size_t counts[] = {
        0, 1, 2, 3, 4, 31, 32, 33, 63, 64, 65, 511, 512, 4097, MOST};
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            reset(ex, false);
            expect_once(0, counts[i]);
            reset(ex, false);
            expect_once(SIZE_MAX - counts[i], counts[i]);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(for_, each_number_once_in_company)
{
    for (int w = 1; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t count = 2; count < 64; count = count * 3 / 2 + 1) {
            reset(ex, true);
            expect_once(count, count);
            cr_assert_geq(atomic_load(&tally.company.threads), 2);
            reset(ex, true);
            expect_once(SIZE_MAX - count, count);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(for_, from_outside)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        reset(ex, false);
        tally.first = 3;
        tally.end = 1003;
        cr_assert_eq(filch_for(ex, 3, 1003, count_each, &tally), 0);
        for (size_t i = 0; i < 1000; i++)
            cr_assert_eq(atomic_load(&tally.often[i]), 1);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(for_, an_empty_range_has_no_parts)
{
    static const size_t numbers[] = {0, 1, 17, SIZE_MAX - 1, SIZE_MAX};
    filch_executor *ex = open_pool(2);
    reset(ex, false);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cr_assert_eq(
            filch_for(ex, numbers[i], numbers[i], count_each, &tally), 0);
    cr_assert_eq(atomic_load(&tally.parts), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(for_, nonsense)
{
    filch_executor *ex = open_pool(2);
    reset(ex, false);
    cr_assert_eq(filch_for(NULL, 0, 1, count_each, &tally), -EINVAL);
    cr_assert_eq(filch_for(NULL, 1, 1, count_each, &tally), -EINVAL);
    cr_assert_eq(filch_for(ex, 0, 1, NULL, NULL), -EINVAL);
    cr_assert_eq(filch_for(ex, 0, 0, NULL, NULL), -EINVAL);
    cr_assert_eq(filch_for(ex, 1, 0, count_each, &tally), -EINVAL);
    cr_assert_eq(filch_for(ex, SIZE_MAX, 0, count_each, &tally), -EINVAL);
    cr_assert_eq(atomic_load(&tally.parts), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Ranges that nobody could do one by one: bodies that take no time for any
 * part, so that parts become as long as they can. */
struct wide {
    size_t first, end;
    atomic_size_t done;
};

static int take_all(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct wide *wide = arg;
    (void)cx;
    MUST(begin < end && begin >= wide->first && end <= wide->end);
    atomic_fetch_add(&wide->done, end - begin);
    return 0;
}

Test(for_, as_wide_as_can_be)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (int i = 0; i < 20; i++) {
            struct wide wide = {
                .first = i % 2 ? 12345 : 0, .end = SIZE_MAX - (i % 4 == 3)};
            cr_assert_eq(
                filch_for(ex, wide.first, wide.end, take_all, &wide), 0);
            cr_assert_eq(atomic_load(&wide.done), wide.end - wide.first);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* A part may not grow with each of these that takes no time, and must not
 * vanish with those that take long. */
static int dawdle_now_and_then(
    filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct wide *wide = arg;
    (void)cx;
    atomic_fetch_add(&wide->done, end - begin);
    if (begin / 64 % 2 == 0)
        for (volatile int i = 0; i < 20000; i = i + 1)
            continue;
    return 0;
}

Test(for_, parts_that_take_no_time_or_long)
{
    filch_executor *ex = open_pool(2);
    struct wide wide = {.end = 2000};
    cr_assert_eq(filch_for(ex, 0, 2000, dawdle_now_and_then, &wide), 0);
    cr_assert_eq(atomic_load(&wide.done), 2000);
    cr_assert_eq(filch_executor_close(ex), 0);
}
