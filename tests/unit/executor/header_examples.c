/* SPDX-License-Identifier: MIT */
/* The examples of the public headers, as they stand there: what compares them
 * is house/snippets. */
#include "../../support/pool.h"

#include <criterion/criterion.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"

enum { COUNT = 1000 };

static int count_words(filch_ctx *cx, void *path, void *words)
{
    *(size_t *)words = strlen(path);
    return 0;
}

Test(examples, executor)
{
    size_t words = 0;
    filch_with (ex, .workers = 5) {
        filch_future *f = filch_submit(ex, count_words, "README.md");
        cr_assert_eq(
            filch_future_result(f, FILCH_FOREVER, &words, sizeof words), 0);
        filch_future_release(f);
    } // shut down and joined on every way out of the block
    cr_assert_eq(words, strlen("README.md"));
}

static int scale(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    float *x = arg;
    for (size_t i = begin; i < end; i++)
        x[i] *= 2;
    return 0;
}

Test(examples, algorithm_for)
{
    filch_executor *ex = filch_default();
    static float x[COUNT];
    size_t count = COUNT;
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)i;
    int rc = filch_for(ex, 0, count, scale, x);
    cr_assert_eq(rc, 0);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq((int)x[i], 2 * i);
}

FILCH_TASK(long, fib, int, n)
{
    if (n < 2)
        return n;
    fib_fork(&cx, n - 1);
    long b = fib(cx, n - 2);
    return fib_join(&cx) + b;
}

Test(examples, fork)
{
    filch_executor *ex = filch_default();
    long result;
    int rc = fib_run(ex, &result, 40);
    cr_assert_eq(rc, 0);
    cr_assert_eq(result, 102334155);
}

static int loads;

static int load_table(filch_ctx *cx, void *path)
{
    loads++;
    return 0;
}

static struct filch_once_flag loaded;

static int load_once(filch_executor *ex)
{
    int rc = filch_once(&loaded, ex, load_table, "table.bin");
    return rc;
}

Test(examples, once)
{
    cr_assert_eq(load_once(filch_default()), 0);
    cr_assert_eq(load_once(filch_default()), 0);
    cr_assert_eq(loads, 1);
}

struct person {
    int age;
};

static int by_age(const void *a, const void *b, void *arg)
{
    const struct person *x = a, *y = b;
    return (x->age > y->age) - (x->age < y->age);
}

Test(examples, sort)
{
    filch_executor *ex = filch_default();
    struct person people[] = {{44}, {7}, {99}, {12}};
    size_t count = sizeof people / sizeof *people;
    int rc = filch_sort(ex, people, count, sizeof *people, by_age, NULL);
    cr_assert_eq(rc, 0);
    for (size_t i = 1; i < count; i++)
        cr_assert_lt(people[i - 1].age, people[i].age);
}

Test(examples, token)
{
    filch_executor *ex = filch_default();
    filch_token *server = NULL;
    filch_future *f = NULL;
    filch_task *fn = nothing;
    void *arg = NULL;
    filch_token *request;
    filch_token_open(&request, server, filch_after(FILCH_MS(50)));
    filch_submit_with(
        &f, ex, fn, arg, (&(struct filch_submit_options){.token = request}));
    int rc = settle(f);
    cr_assert(rc == 0 || rc == -ETIMEDOUT || rc == -ECANCELED, "%d", rc);
    filch_token_release(request);
}

static long x[COUNT], out[COUNT];

static int fold(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    for (size_t i = begin; i < end; i++)
        *(long *)sum += x[i];
    return 0;
}

static int write(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    for (size_t i = begin; i < end; i++) {
        *(long *)sum += x[i];
        out[i] = *(long *)sum;
    }
    return 0;
}

static void combine(void *left, const void *right, void *arg)
{
    *(long *)left += *(const long *)right;
}

Test(examples, algorithm_scan)
{
    const struct filch_sum sum = {
        .fold = fold, .combine = combine, .bytes = sizeof(long)};
    for (int i = 0; i < COUNT; i++)
        x[i] = i;
    cr_assert_eq(filch_scan(filch_default(), 0, COUNT, &sum, write, NULL), 0);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(out[i], (long)i * (i + 1) / 2);
}
