/* SPDX-License-Identifier: MIT */
/* filch, typed. */
#include "../common/filch_pool.h"
#include "competitor.h"

FILCH_TASK(long, fib, int, n)
{
    if (n < 2)
        return n;
    fib_fork(&cx, n - 1);
    long b = fib(cx, n - 2);
    return fib_join(&cx) + b;
}

FILCH_TASK(long, skynet, long, first, long, size)
{
    long sum = 0;

    if (size == 1)
        return first;
    size /= SKYNET_WAYS;
    for (int i = 0; i < SKYNET_WAYS; i++)
        skynet_fork(&cx, first + i * size, size);
    for (int i = 0; i < SKYNET_WAYS; i++)
        sum += skynet_join(&cx);
    return sum;
}

FILCH_TASK(long, queens, const char *, board, int, n, int, row)
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
        queens_fork(&cx, boards[below++], n, row + 1);
    }
    while (below-- > 0)
        count += queens_join(&cx);
    return count;
}

FILCH_TASK(long, uts, uint64_t, node, int, full)
{
    int children = uts_children(node, full);
    long count = 1;

    for (int i = 0; i < children; i++)
        uts_fork(&cx, uts_child(node, i), uts_below(full));
    for (int i = 0; i < children; i++)
        count += uts_join(&cx);
    return count;
}

FILCH_VOID_TASK(multiply, struct product, p)
{
    enum axis axis = product_axis(p);

    if (product_is_small(p)) {
        product_base(p);
    } else if (axis == PRODUCT_INNER) {
        multiply(cx, product_half(p, axis, 0));
        multiply(cx, product_half(p, axis, 1));
    } else {
        multiply_fork(&cx, product_half(p, axis, 0));
        multiply(cx, product_half(p, axis, 1));
        multiply_join(&cx);
    }
}

FILCH_VOID_TASK(sort, int *, first, size_t, count)
{
    size_t cut;

    if (count <= SORT_SMALL) {
        sort_base(first, count);
        return;
    }
    cut = sort_partition(first, count);
    sort_fork(&cx, first, cut);
    sort(cx, first + cut, count - cut);
    sort_join(&cx);
}

static long run_fib(void *pool, int n)
{
    long result;

    must(fib_run(pool, &result, n));
    return result;
}

static long run_skynet(void *pool, int n)
{
    long result;

    must(skynet_run(pool, &result, 0, n));
    return result;
}

static long run_queens(void *pool, int n)
{
    long result;

    must(queens_run(pool, &result, "", n, 0));
    return result;
}

static long run_uts(void *pool, int n)
{
    long result;

    must(uts_run(pool, &result, UTS_ROOT, n));
    return result;
}

static void run_multiply(void *pool, struct product product)
{
    must(multiply_run(pool, product));
}

static void run_sort(void *pool, int *first, size_t count)
{
    must(sort_run(pool, first, count));
}

const struct competitor competitor = {
    .name = "filch",
    .workers_max = FILCH_WORKERS_MAX,
    .version = filch_version,
    .open = open_pool,
    .close = close_pool,
    .fib = run_fib,
    .skynet = run_skynet,
    .queens = run_queens,
    .uts = run_uts,
    .multiply = run_multiply,
    .sort = run_sort,
};
