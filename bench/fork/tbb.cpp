/* SPDX-License-Identifier: MIT */
/* oneTBB: a task_group for what a function forks. The calling thread is one of
 * the workers. */
#include "../common/tbb_pool.hpp"
#include "competitor.h"

#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/version.h>

namespace
{
using oneapi::tbb::task_group;

long fib(int n)
{
    if (n < 2)
        return n;
    long a, b;
    task_group group;
    group.run([&a, n] { a = fib(n - 1); });
    b = fib(n - 2);
    group.wait();
    return a + b;
}

long skynet(long first, long size)
{
    if (size == 1)
        return first;
    long sums[SKYNET_WAYS], sum = 0;
    task_group group;
    size /= SKYNET_WAYS;
    for (int i = 0; i < SKYNET_WAYS; i++)
        group.run([to = &sums[i], next = first + i * size, size] {
            *to = skynet(next, size);
        });
    group.wait();
    for (int i = 0; i < SKYNET_WAYS; i++)
        sum += sums[i];
    return sum;
}

long queens(const char *board, int n, int row)
{
    if (row == n)
        return 1;
    char boards[QUEENS_MAX][QUEENS_MAX];
    long counts[QUEENS_MAX], count = 0;
    int below = 0;
    task_group group;
    for (int column = 0; column < n; column++) {
        if (!queens_is_free(board, row, column))
            continue;
        queens_place(boards[below], board, row, column);
        group.run([to = &counts[below], next = boards[below], n, row] {
            *to = queens(next, n, row + 1);
        });
        below++;
    }
    group.wait();
    while (below-- > 0)
        count += counts[below];
    return count;
}

long uts(std::uint64_t node, int full)
{
    int children = uts_children(node, full);
    if (children == 0)
        return 1;
    long counts[UTS_WAYS], count = 1;
    task_group group;
    for (int i = 0; i < children; i++)
        group.run([to = &counts[i], node, i, full] {
            *to = uts(uts_child(node, i), uts_below(full));
        });
    group.wait();
    for (int i = 0; i < children; i++)
        count += counts[i];
    return count;
}

void multiply(product p)
{
    auto axis = product_axis(p);
    if (product_is_small(p)) {
        product_base(p);
    } else if (axis == PRODUCT_INNER) {
        multiply(product_half(p, axis, 0));
        multiply(product_half(p, axis, 1));
    } else {
        task_group group;
        group.run([=] { multiply(product_half(p, axis, 0)); });
        multiply(product_half(p, axis, 1));
        group.wait();
    }
}

void sort(int *first, std::size_t count)
{
    if (count <= SORT_SMALL) {
        sort_base(first, count);
        return;
    }
    std::size_t cut = sort_partition(first, count);
    task_group group;
    group.run([=] { sort(first, cut); });
    sort(first + cut, count - cut);
    group.wait();
}

long run_fib(void *pool, int n)
{
    return in(pool, [=] { return fib(n); });
}

long run_skynet(void *pool, int n)
{
    return in(pool, [=] { return skynet(0, n); });
}

long run_queens(void *pool, int n)
{
    return in(pool, [=] { return queens("", n, 0); });
}

long run_uts(void *pool, int n)
{
    return in(pool, [=] { return uts(UTS_ROOT, n); });
}

void run_multiply(void *pool, product p)
{
    in(pool, [=] { multiply(p); });
}

void run_sort(void *pool, int *first, std::size_t count)
{
    in(pool, [=] { sort(first, count); });
}
} // namespace

extern "C" const struct competitor competitor = {
    "oneTBB",
    1024,
    TBB_runtime_version,
    open_pool,
    close_pool,
    run_fib,
    run_skynet,
    run_queens,
    run_uts,
    run_multiply,
    run_sort,
};
