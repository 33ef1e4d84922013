/* SPDX-License-Identifier: MIT */
/*
 * The workloads on arrays. What is filled in before and checked after each
 * time is not measured.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

struct matrices {
    int side;
    double *a, *b, *c;
};

/* Whole numbers, so small that sums of products are exact. */
static void fill(double *matrix, int side, uint64_t seed)
{
    for (int i = 0; i < side * side; i++)
        matrix[i] = (double)(splitmix64(seed + (uint64_t)i) % 64);
}

static struct matrices matrices_new(int side)
{
    size_t count = (size_t)side * (size_t)side;
    struct matrices m = {
        .side = side,
        .a = must_alloc(count, sizeof(double)),
        .b = must_alloc(count, sizeof(double)),
        .c = must_alloc(count, sizeof(double)),
    };

    fill(m.a, side, 1);
    fill(m.b, side, 2 * count);
    return m;
}

static void matrices_free(struct matrices m)
{
    free(m.a);
    free(m.b);
    free(m.c);
}

/* y = matrix * x */
static void apply(double *y, const double *matrix, const double *x, int side)
{
    for (int i = 0; i < side; i++) {
        y[i] = 0;
        for (int j = 0; j < side; j++)
            y[i] += matrix[i * side + j] * x[j];
    }
}

/* Freivalds: c * x == a * (b * x) for one x. */
static int is_product(struct matrices m)
{
    size_t side = (size_t)m.side;
    double *x = must_alloc(4 * side, sizeof *x);
    double *bx = x + side, *abx = bx + side, *cx = abx + side;
    int is_right;

    for (int i = 0; i < m.side; i++)
        x[i] = (double)(splitmix64((uint64_t)i) % 1024);
    apply(bx, m.b, x, m.side);
    apply(abx, m.a, bx, m.side);
    apply(cx, m.c, x, m.side);
    is_right = memcmp(abx, cx, side * sizeof *x) == 0;
    free(x);
    return is_right;
}

static void clear(struct matrices m)
{
    memset(m.c, 0, (size_t)m.side * (size_t)m.side * sizeof *m.c);
}

static void multiply(void *pool, struct matrices m)
{
    competitor.multiply(
        pool, (struct product){m.a, m.b, m.c, m.side, m.side, m.side, m.side});
}

static void matmul(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct matrices m = matrices_new(setup->scale->side);
    void *pool = open_or_fail(st, setup->workers);
    int is_right = 1;

    if (pool) {
        multiply(pool, m);
        while (bench_next(st)) {
            bench_pause(st);
            is_right &= is_product(m);
            clear(m);
            bench_resume(st);
            multiply(pool, m);
        }
        competitor.close(pool);
        if (!is_right || !is_product(m))
            bench_fail(st, "wrong result");
    }
    matrices_free(m);
}

struct numbers {
    size_t count;
    int *sorted;
    const int *unsorted;
    uint64_t sum;
};

static uint64_t sum(const int *numbers, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += splitmix64((uint64_t)(int64_t)numbers[i]);
    return sum;
}

static int is_sorted(struct numbers n)
{
    for (size_t i = 1; i < n.count; i++)
        if (n.sorted[i - 1] > n.sorted[i])
            return 0;
    return sum(n.sorted, n.count) == n.sum;
}

static void shuffle(struct numbers n)
{
    memcpy(n.sorted, n.unsorted, n.count * sizeof *n.sorted);
}

static void sort_all(struct bench_state *st, void *pool, struct numbers n)
{
    int is_right = 1;

    shuffle(n);
    competitor.sort(pool, n.sorted, n.count);
    while (bench_next(st)) {
        bench_pause(st);
        is_right &= is_sorted(n);
        shuffle(n);
        bench_resume(st);
        competitor.sort(pool, n.sorted, n.count);
    }
    if (!is_right || !is_sorted(n))
        bench_fail(st, "wrong result");
}

static void quicksort(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    size_t count = setup->scale->count;
    int *unsorted = must_alloc(count, sizeof *unsorted);
    struct numbers n = {
        .count = count,
        .sorted = must_alloc(count, sizeof *unsorted),
        .unsorted = unsorted,
    };
    void *pool = open_or_fail(st, setup->workers);

    for (size_t i = 0; i < count; i++)
        unsorted[i] = (int)(splitmix64(i) >> 33);
    n.sum = sum(unsorted, count);
    if (pool) {
        sort_all(st, pool, n);
        competitor.close(pool);
    }
    free(n.sorted);
    free(unsorted);
}

void register_arrays(const struct scale *scale)
{
    if (competitor.multiply)
        add_workload("matmul", matmul, scale, NULL);
    if (competitor.sort)
        add_workload("quicksort", quicksort, scale, NULL);
}
