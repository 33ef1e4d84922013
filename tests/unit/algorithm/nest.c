/* SPDX-License-Identifier: MIT */
/* Loops in loops, in forks, beside forks; and what bodies may do. */
#include "../../support/company.h"
#include "../../support/fib.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(nest, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers };

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
        MUST(atomic_load(
                 &cube.often[i / SIDE / SIDE][i / SIDE % SIDE][i % SIDE]) == 1);
    return 0;
}

Test(nest, loops_in_loops_in_loops)
{
    company_run_everywhere(fill_cube);
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
    company_run_everywhere(use_busy_bodies);
}

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
    company_run_everywhere(loops_between_forks);
}
