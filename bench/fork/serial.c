/* SPDX-License-Identifier: MIT */
/* No forks: the plain functions. */
#include "competitor.h"

static long fib(int n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static long skynet(long first, long size)
{
    long sum = 0;

    if (size == 1)
        return first;
    size /= SKYNET_WAYS;
    for (int i = 0; i < SKYNET_WAYS; i++)
        sum += skynet(first + i * size, size);
    return sum;
}

static long queens(const char *board, int n, int row)
{
    char boards[QUEENS_MAX][QUEENS_MAX];
    long count = 0;
    int below = 0;

    if (row == n)
        return 1;
    for (int column = 0; column < n; column++) {
        if (!queens_is_free(board, row, column))
            continue;
        queens_place(boards[below], board, row, column);
        count += queens(boards[below++], n, row + 1);
    }
    return count;
}

static long uts(uint64_t node, int full)
{
    int children = uts_children(node, full);
    long count = 1;

    for (int i = 0; i < children; i++)
        count += uts(uts_child(node, i), uts_below(full));
    return count;
}

static void multiply(struct product p)
{
    enum axis axis = product_axis(p);

    if (product_is_small(p)) {
        product_base(p);
        return;
    }
    multiply(product_half(p, axis, 0));
    multiply(product_half(p, axis, 1));
}

static void sort(int *first, size_t count)
{
    size_t cut;

    if (count <= SORT_SMALL) {
        sort_base(first, count);
        return;
    }
    cut = sort_partition(first, count);
    sort(first, cut);
    sort(first + cut, count - cut);
}

static const char *version(void)
{
    return __VERSION__;
}

static void *open_nothing(int workers)
{
    static char nothing;

    (void)workers;
    return &nothing;
}

static void close_nothing(void *pool)
{
    (void)pool;
}

static long run_fib(void *pool, int n)
{
    (void)pool;
    return fib(n);
}

static long run_skynet(void *pool, int n)
{
    (void)pool;
    return skynet(0, n);
}

static long run_queens(void *pool, int n)
{
    (void)pool;
    return queens("", n, 0);
}

static long run_uts(void *pool, int n)
{
    (void)pool;
    return uts(UTS_ROOT, n);
}

static void run_multiply(void *pool, struct product product)
{
    (void)pool;
    multiply(product);
}

static void run_sort(void *pool, int *first, size_t count)
{
    (void)pool;
    sort(first, count);
}

const struct competitor competitor = {
    .name = "serial C",
    .workers_max = 1,
    .version = version,
    .open = open_nothing,
    .close = close_nothing,
    .fib = run_fib,
    .skynet = run_skynet,
    .queens = run_queens,
    .uts = run_uts,
    .multiply = run_multiply,
    .sort = run_sort,
};
