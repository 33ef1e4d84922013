/* SPDX-License-Identifier: MIT */
/* filch_local: a value for each thread that asks, none for two. */
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>

TestSuite(local, .timeout = 60);

enum { COUNT = 5000 };

static int add_range(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)cx;
    long *sum = filch_local_get(arg);
    for (size_t i = begin; i < end; i++)
        *sum += (long)i;
    return 0;
}

static void add_value(void *value, void *arg)
{
    *(long *)arg += *(long *)value;
}

static void count_value(void *value, void *arg)
{
    (void)value;
    ++*(int *)arg;
}

static long combined(filch_local *local)
{
    long sum = 0;
    filch_local_combine(local, add_value, &sum);
    return sum;
}

Test(local, sums_in_loops)
{
    static const int workers[] = {1, 2, 4, 16};
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
        filch_executor *ex = open_pool(workers[i]);
        filch_local *local;
        cr_assert_eq(filch_local_open(&local, ex, sizeof(long), NULL), 0);
        cr_assert_eq(combined(local), 0);
        for (int round = 1; round <= 10; round++) {
            cr_assert_eq(filch_for(ex, 0, COUNT, add_range, local), 0);
            cr_assert_eq(combined(local), round * (COUNT * (COUNT - 1L) / 2));
        }
        cr_assert_eq(filch_executor_close(ex), 0);
        cr_assert_neq(combined(local), 0, "lives longer than the executor");
        filch_local_close(local);
    }
}

static int count_one(filch_ctx *cx, void *arg)
{
    (void)cx;
    int *value = filch_local_get(arg);
    ++*value;
    return (uintptr_t)value % 64 ? -EIO : 0;
}

static void check_is_eight(void *value, void *arg)
{
    cr_assert_eq(*(int *)value, 8);
    ++*(int *)arg;
}

Test(local, begins_as_a_copy_in_lines_of_its_own)
{
    int seven = 7, values = 0;
    filch_executor *ex = open_pool(4);
    filch_local *local;
    cr_assert_eq(filch_local_open(&local, ex, sizeof seven, &seven), 0);
    seven = 0;
    cr_assert_eq(filch_for_each_worker(ex, count_one, local, FILCH_FOREVER), 0);
    filch_local_combine(local, check_is_eight, &values);
    cr_assert_eq(values, 4);
    filch_local_close(local);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void *get_twice(void *arg)
{
    int *value = filch_local_get(arg);
    ++*value;
    MUST(filch_local_get(arg) == value);
    return NULL;
}

static int get_elsewhere(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    get_twice(arg);
    return 0;
}

Test(local, threads_that_are_not_workers)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int values = 0;
    filch_executor *ex = open_pool(2), *other = open_pool(1);
    filch_local *local;
    cr_assert_eq(filch_local_open(&local, ex, 100, NULL), 0);
    get_twice(local);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, get_twice, local) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    cr_assert_eq(settle(filch_submit(other, get_elsewhere, local)), 0);
    cr_assert_eq(settle(filch_submit(ex, get_elsewhere, local)), 0);
    filch_local_combine(local, count_value, &values);
    cr_assert_geq(values, 3, "this thread, a worker of each pool");
    cr_assert_leq(values, 3 + THREADS);
    filch_local_close(local);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(filch_executor_close(other), 0);
}

/* An outside thread that runs a task of the executor is none of its workers. */
Test(local, a_helper)
{
    struct gate gate;
    int values = 0;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_local *local;
    cr_assert_eq(filch_local_open(&local, ex, sizeof(int), NULL), 0);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = filch_submit(ex, get_elsewhere, local);
    cr_assert_eq(filch_future_help(f), 1);
    cr_assert_eq(settle(f), 0);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(settle(filch_submit(ex, get_elsewhere, local)), 0);
    filch_local_combine(local, count_value, &values);
    cr_assert_eq(values, 2, "this thread's, the worker's");
    filch_local_close(local);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(local, bad_arguments)
{
    filch_local *local;
    filch_executor *ex = open_pool(1);
    cr_assert_eq(filch_local_open(NULL, ex, 1, NULL), -EINVAL);
    cr_assert_eq(filch_local_open(&local, NULL, 1, NULL), -EINVAL);
    cr_assert_eq(filch_local_open(&local, ex, 0, NULL), -EINVAL);
    cr_assert_eq(filch_local_open(&local, ex, SIZE_MAX, NULL), -EINVAL);
    filch_local_close(NULL);
    cr_assert_eq(filch_executor_close(ex), 0);
}
