/* SPDX-License-Identifier: MIT */
/* Loops in loops, in forks, beside forks; and what bodies may do. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(nest, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers };

FILCH_TASK(long, fib, int, n)
{
    if (n < 2)
        return n;
    fib_fork(&cx, n - 1);
    long b = fib(cx, n - 2);
    return fib_join(&cx) + b;
}

/* Runs it in a task: alone, and beside another worker that looks for work. */
static void run_everywhere(filch_fork_fn *fn)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (int i = 0; i < 20; i++) {
            struct company company;
            company_init(&company, w > 0 && i % 2);
            cr_assert_eq(company_run(ex, &company, fn, NULL), 0);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Three deep: each triple once. */
enum { SIDE = 12 };

struct cube {
    atomic_uchar often[SIDE][SIDE][SIDE];
};

struct cursor {
    struct cube *cube;
    size_t depth, at[3];
};

static int go_deeper(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct cursor cursor = *(struct cursor *)arg;
    size_t *at = cursor.at;
    size_t *i = &at[cursor.depth++];
    for (*i = begin; *i < end; ++*i) {
        if (cursor.depth == 3)
            atomic_fetch_add(&cursor.cube->often[at[0]][at[1]][at[2]], 1);
        else
            MUST(filch_for(
                     filch_ctx_executor(cx), 0, SIDE, go_deeper, &cursor) == 0);
    }
    return 0;
}

static int fill_cube(filch_ctx *cx, void *frame)
{
    struct cube cube;
    struct cursor cursor = {.cube = &cube};
    (void)frame;
    memset(&cube, 0, sizeof cube);
    MUST(filch_for(filch_ctx_executor(cx), 0, SIDE, go_deeper, &cursor) == 0);
    for (size_t i = 0; i < SIDE * SIDE * SIDE; i++)
        MUST(cube.often[i / SIDE / SIDE][i / SIDE % SIDE][i % SIDE] == 1);
    return 0;
}

Test(nest, loops_in_loops_in_loops)
{
    run_everywhere(fill_cube);
}

/* A failure far inside comes out with its message, the first one. */
static int fail_deeper(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct cursor cursor = *(struct cursor *)arg;
    int rc = 0;
    size_t *i = &cursor.at[cursor.depth++];
    for (*i = begin; *i < end && !rc; ++*i) {
        if (cursor.depth < 3)
            rc = filch_for(
                filch_ctx_executor(cx), 0, SIDE, fail_deeper, &cursor);
        else if (cursor.at[0] > 2 && cursor.at[1] > 3 && *i > 4)
            rc = filch_failf(cx, -100 - (int)*i, "at %zu %zu %zu", cursor.at[0],
                cursor.at[1], *i);
    }
    return rc;
}

static int fail_in_cube(filch_ctx *cx, void *arg, void *result)
{
    struct cursor cursor = {.cube = NULL};
    (void)result;
    if (arg)
        company_await(cx);
    return filch_for(filch_ctx_executor(cx), 0, SIDE, fail_deeper, &cursor);
}

Test(nest, a_failure_far_inside)
{
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (int i = 0; i < 50; i++) {
            struct filch_failure why;
            filch_future *f =
                filch_submit(ex, fail_in_cube, w > 0 && i % 2 ? ex : NULL);
            cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -105);
            cr_assert_str_eq(why.message, "at 3 4 5");
            filch_future_release(f);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

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

Test(nest, sums_in_sums)
{
    run_everywhere(sum_sums);
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

Test(nest, forks_above_a_sum)
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

/* A body that forks, runs, submits, waits and blocks. */
static int ten(filch_ctx *cx, void *arg, void *result)
{
    long value = fib(cx, 10);
    (void)arg;
    memcpy(result, &value, sizeof value);
    return 0;
}

static int ten_frame(filch_ctx *cx, void *frame)
{
    *(long *)frame = fib(cx, 10);
    return 0;
}

static long try_all(filch_ctx *cx)
{
    long value = 0;
    long run = 0;
    long forked = 0;
    filch_executor *ex = filch_ctx_executor(cx);
    filch_fork(&cx, ten_frame, &forked);
    filch_future *f = filch_submit(ex, ten, NULL);
    fib_fork(&cx, 9);
    MUST(fib_run(ex, &run, 8) == 0);
    filch_blocking {
        sched_yield();
    }
    MUST(filch_future_result(f, FILCH_FOREVER, &value, sizeof value) == 0);
    filch_future_release(f);
    long nine = fib_join(&cx);
    MUST(filch_join(&cx) == 0 && forked == 55);
    return value + nine + run; /* 55 + 34 + 21 */
}

static int try_each(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    for (size_t i = begin; i < end; i++)
        atomic_fetch_add((atomic_long *)arg, try_all(cx));
    return 0;
}

static int use_busy_bodies(filch_ctx *cx, void *frame)
{
    atomic_long sum = 0;
    (void)frame;
    MUST(filch_for(filch_ctx_executor(cx), 0, 30, try_each, &sum) == 0);
    MUST(atomic_load(&sum) == 30 * 110);
    return 0;
}

Test(nest, bodies_that_fork_submit_wait_and_block)
{
    run_everywhere(use_busy_bodies);
}

/* Loops in forks, between forks that nobody has seen yet. */
FILCH_TASK(long, sum_below, filch_executor *, ex, size_t, n)
{
    size_t sum = 0;
    fib_fork(&cx, 5);
    fib_fork(&cx, 6);
    MUST(filch_reduce(ex, 0, n, &small, &sum) == 0);
    if (n > 20) {
        sum_below_fork(&cx, ex, n / 2);
        MUST(filch_reduce(ex, 0, n, &small, &sum) == 0);
        sum_below_fork(&cx, ex, n / 3);
        sum += (size_t)sum_below(cx, ex, n / 4);
        sum += (size_t)sum_below_join(&cx);
        sum += (size_t)sum_below_join(&cx);
    }
    return (long)sum + fib_join(&cx) + fib_join(&cx);
}

static long serial_sum_below(size_t n)
{
    long sum = (long)(n * (n - 1) / 2) + 13;
    if (n > 20)
        sum += serial_sum_below(n / 2) + serial_sum_below(n / 3) +
               serial_sum_below(n / 4);
    return sum;
}

static int loops_between_forks(filch_ctx *cx, void *frame)
{
    (void)frame;
    MUST(sum_below(cx, filch_ctx_executor(cx), 400) == serial_sum_below(400));
    return 0;
}

Test(nest, loops_between_forks)
{
    run_everywhere(loops_between_forks);
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
    for (int i = 0; i < 3; i++) {
        MUST(use_busy_bodies(cx, NULL) == 0);
        MUST(sum_sums(cx, NULL) == 0);
        MUST(fill_cube(cx, NULL) == 0);
    }
    while (forks-- > 0)
        MUST(filch_join(&cx) == 7);
    return 0;
}

Test(nest, without_room)
{
    static size_t left[][2] = {{100000, 0}, {40000, 0}, {LITTLE, 0}, {128, 0},
        {64, 0}, {64, 3}, {64, LITTLE}};
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
