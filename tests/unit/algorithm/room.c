/* SPDX-License-Identifier: MIT */
/* What a loop does with the stack of forks: large values in it, none of them
 * left behind, and no room. */
#include "../../support/company.h"
#include "../../support/fib.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(room, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers };

/* Sums in sums, as different as they can be: a loop's own state lives as long
 * as its part. */
static int add_small(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    (void)arg;
    for (size_t i = begin; i < end; i++)
        *(size_t *)sum += i;
    return 0;
}

static void add_sizes(void *left, const void *right, void *arg)
{
    (void)arg;
    *(size_t *)left += *(const size_t *)right;
}

static const struct filch_sum small = {
    .fold = add_small, .combine = add_sizes, .bytes = sizeof(size_t)};

struct big {
    size_t words[FILCH_VALUE_MAX / sizeof(size_t)];
};
enum { WORDS = FILCH_VALUE_MAX / sizeof(size_t) };

static int add_big(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct big *big = sum;
    (void)arg;
    for (size_t i = begin; i < end; i++) {
        size_t inner;
        MUST(filch_reduce(filch_ctx_executor(cx), 0, i, &small, &inner) == 0);
        MUST(inner == i * (i - 1) / 2 || i == 0);
        big->words[i % WORDS] += inner;
        big->words[WORDS - 1] += 1;
    }
    return 0;
}

static void combine_big(void *left, const void *right, void *arg)
{
    struct big *l = left;
    const struct big *r = right;
    (void)arg;
    for (int i = 0; i < WORDS; i++)
        l->words[i] += r->words[i];
}

static int sum_sums(filch_ctx *cx, void *frame)
{
    static _Thread_local struct big big;
    const struct filch_sum sum = {
        .fold = add_big, .combine = combine_big, .bytes = sizeof big};
    (void)frame;
    MUST(filch_reduce(filch_ctx_executor(cx), 0, 200, &sum, &big) == 0);
    for (size_t i = 1; i < 200; i++)
        MUST(big.words[i] == i * (i - 1) / 2);
    MUST(big.words[WORDS - 1] == 200);
    return 0;
}

Test(room, sums_in_sums)
{
    company_run_everywhere(sum_sums);
}

/* Above the last fork there is nothing, whatever a sum had there. */
static int fill(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    (void)begin;
    (void)end;
    company_meet(arg);
    memset(sum, 0xff, sizeof(struct big));
    return 0;
}

static void keep_left(void *left, const void *right, void *arg)
{
    (void)arg;
    MUST(memcmp(left, right, sizeof(struct big)) == 0);
}

static int fork_above_a_sum(filch_ctx *cx, void *frame)
{
    static struct big big;
    const struct filch_sum sum = {
        .fold = fill, .combine = keep_left, .arg = frame, .bytes = sizeof big};
    MUST(filch_reduce(filch_ctx_executor(cx), 0, 8, &sum, &big) == 0);
    for (int i = 0; i < 1000; i++) {
        long five = 0;
        fib_fork(&cx, i % 5);
        if (i % 100 == 0)
            MUST(fib_run(filch_ctx_executor(cx), &five, 5) == 0);
        MUST(five == (i % 100 ? 0 : 5));
    }
    for (int i = 1000; i-- > 0;)
        (void)fib_join(&cx);
    return 0;
}

Test(room, forks_above_a_sum)
{
    for (int w = 1; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (int i = 0; i < 5; i++) {
            struct company company;
            company_init(&company, true);
            cr_assert_eq(
                company_run(ex, &company, fork_above_a_sum, &company), 0);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* A body that forks. */
static int fork_each(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    for (size_t i = begin; i < end; i++) {
        fib_fork(&cx, 8);
        fib_fork(&cx, 9);
        atomic_fetch_add((atomic_long *)arg, fib_join(&cx));
        atomic_fetch_add((atomic_long *)arg, fib_join(&cx));
    }
    return 0;
}

static void fork_in_bodies(filch_executor *ex)
{
    atomic_long sum = 0;
    MUST(filch_for(ex, 0, 50, fork_each, &sum) == 0);
    MUST(atomic_load(&sum) == 50 * (21 + 34));
}

/* No room for forks: those of the task have taken it all but a little. */
enum { LITTLE = 8192 };

static size_t room(const filch_ctx *cx)
{
    const struct fl_region *region = (void *)filch_fork_region_of(cx);
    return (size_t)(region->end - (const char *)cx);
}

static int answer(filch_ctx *cx, void *frame)
{
    (void)cx;
    return *(int *)frame;
}

/* Uses up all but so many bytes, and then as many forks more. */
static int loop_without_room(filch_ctx *cx, void *frame)
{
    int seven = 7;
    int forks = 0;
    const size_t *left = frame;
    for (; room(cx) >= left[0] && room(cx) <= FILCH_FORK_REGION; forks++)
        filch_fork(&cx, answer, &seven);
    for (size_t i = 0; i < left[1]; i++, forks++)
        filch_fork(&cx, answer, &seven);
    fork_in_bodies(filch_ctx_executor(cx));
    MUST(sum_sums(cx, NULL) == 0);
    while (forks-- > 0)
        MUST(filch_join(&cx) == 7);
    return 0;
}

Test(room, without_room)
{
    static size_t left[][2] = {
        {40000, 0}, {LITTLE, 0}, {64, 0}, {64, 3}, {64, LITTLE}};
    for (int many = 1; many <= 4; many *= 2) {
        filch_executor *ex = open_pool(many);
        for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
            struct company company;
            company_init(&company, many > 1);
            cr_assert_eq(
                company_run(ex, &company, loop_without_room, left[i]), 0);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}
