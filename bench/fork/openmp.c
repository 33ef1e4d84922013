/* SPDX-License-Identifier: MIT */
/* OpenMP tasks: gcc's libgomp, or clang's libomp. The calling thread is one of
 * the workers; a parallel region for each problem, on a team that stays. */
#include "competitor.h"

#include <stdlib.h>

static long fib(int n)
{
    long a, b;

    if (n < 2)
        return n;
#pragma omp task shared(a)
    a = fib(n - 1);
    b = fib(n - 2);
#pragma omp taskwait
    return a + b;
}

static long skynet(long first, long size)
{
    long sums[SKYNET_WAYS], sum = 0;

    if (size == 1)
        return first;
    size /= SKYNET_WAYS;
    for (int i = 0; i < SKYNET_WAYS; i++) {
#pragma omp task shared(sums)
        sums[i] = skynet(first + i * size, size);
    }
#pragma omp taskwait
    for (int i = 0; i < SKYNET_WAYS; i++)
        sum += sums[i];
    return sum;
}

static long queens(const char *board, int n, int row)
{
    char boards[QUEENS_MAX][QUEENS_MAX];
    long counts[QUEENS_MAX], count = 0;
    int below = 0;

    if (row == n)
        return 1;
    for (int column = 0; column < n; column++) {
        if (!queens_is_free(board, row, column))
            continue;
        queens_place(boards[below], board, row, column);
#pragma omp task shared(boards, counts)
        counts[below] = queens(boards[below], n, row + 1);
        below++;
    }
#pragma omp taskwait
    while (below-- > 0)
        count += counts[below];
    return count;
}

static long uts(uint64_t node, int full)
{
    int children = uts_children(node, full);
    long counts[UTS_WAYS], count = 1;

    if (children == 0)
        return 1;
    for (int i = 0; i < children; i++) {
#pragma omp task shared(counts)
        counts[i] = uts(uts_child(node, i), uts_below(full));
    }
#pragma omp taskwait
    for (int i = 0; i < children; i++)
        count += counts[i];
    return count;
}

static void multiply(struct product p)
{
    enum axis axis = product_axis(p);

    if (product_is_small(p)) {
        product_base(p);
    } else if (axis == PRODUCT_INNER) {
        multiply(product_half(p, axis, 0));
        multiply(product_half(p, axis, 1));
    } else {
#pragma omp task
        multiply(product_half(p, axis, 0));
        multiply(product_half(p, axis, 1));
#pragma omp taskwait
    }
}

static void sort(int *first, size_t count)
{
    size_t cut;

    if (count <= SORT_SMALL) {
        sort_base(first, count);
        return;
    }
    cut = sort_partition(first, count);
#pragma omp task
    sort(first, cut);
    sort(first + cut, count - cut);
#pragma omp taskwait
}

struct team {
    int workers;
};

static const char *version(void)
{
    return __VERSION__;
}

static void *open_team(int workers)
{
    struct team *team = malloc(sizeof *team);

    if (team)
        team->workers = workers;
    return team;
}

static long run_fib(void *pool, int n)
{
    struct team *team = pool;
    long result = 0;

#pragma omp parallel num_threads(team->workers)
#pragma omp single
    result = fib(n);
    return result;
}

static long run_skynet(void *pool, int n)
{
    struct team *team = pool;
    long result = 0;

#pragma omp parallel num_threads(team->workers)
#pragma omp single
    result = skynet(0, n);
    return result;
}

static long run_queens(void *pool, int n)
{
    struct team *team = pool;
    long result = 0;

#pragma omp parallel num_threads(team->workers)
#pragma omp single
    result = queens("", n, 0);
    return result;
}

static long run_uts(void *pool, int n)
{
    struct team *team = pool;
    long result = 0;

#pragma omp parallel num_threads(team->workers)
#pragma omp single
    result = uts(UTS_ROOT, n);
    return result;
}

static void run_multiply(void *pool, struct product product)
{
    struct team *team = pool;

#pragma omp parallel num_threads(team->workers)
#pragma omp single
    multiply(product);
}

static void run_sort(void *pool, int *first, size_t count)
{
    struct team *team = pool;

#pragma omp parallel num_threads(team->workers)
#pragma omp single
    sort(first, count);
}

const struct competitor competitor = {
    .name = "OpenMP " OPENMP_RUNTIME,
    .workers_max = 1024,
    .version = version,
    .open = open_team,
    .close = free,
    .fib = run_fib,
    .skynet = run_skynet,
    .queens = run_queens,
    .uts = run_uts,
    .multiply = run_multiply,
    .sort = run_sort,
};
