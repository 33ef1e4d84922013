/* SPDX-License-Identifier: MIT */
/* Forks, loops, sums, sorting and values per worker, in C++. */
#include <filch.h>

#include <cstdio>

static const size_t count = 100000;
static long numbers[count];
static long sums[count];

static int fill(filch_ctx *, size_t begin, size_t end, void *)
{
    for (size_t i = begin; i < end; i++)
        numbers[i] = static_cast<long>(i * 7919 % count);
    return 0;
}

static int fold(filch_ctx *, size_t begin, size_t end, void *sum, void *)
{
    for (size_t i = begin; i < end; i++)
        *static_cast<long *>(sum) += numbers[i];
    return 0;
}

static void add(void *left, const void *right, void *)
{
    *static_cast<long *>(left) += *static_cast<const long *>(right);
}

static int write(filch_ctx *, size_t begin, size_t end, void *sum, void *)
{
    for (size_t i = begin; i < end; i++)
        sums[i] = *static_cast<long *>(sum) += numbers[i];
    return 0;
}

static int find_last(
    filch_ctx *, size_t begin, size_t end, size_t *found, void *)
{
    for (size_t i = begin; i < end; i++)
        if (numbers[i] == static_cast<long>(count - 1)) {
            *found = i;
            return 1;
        }
    return 0;
}

static int is_any_negative(filch_ctx *, size_t begin, size_t end, void *)
{
    for (size_t i = begin; i < end; i++)
        if (numbers[i] < 0)
            return 1;
    return 0;
}

static int compare(const void *a, const void *b, void *)
{
    long x = *static_cast<const long *>(a), y = *static_cast<const long *>(b);
    return (x > y) - (x < y);
}

static int count_tile(filch_ctx *, const filch_tile *tile, void *local)
{
    long *cells =
        static_cast<long *>(filch_local_get(static_cast<filch_local *>(local)));
    if (!cells)
        return -1;
    *cells += static_cast<long>((tile->row_end - tile->row_begin) *
                                (tile->column_end - tile->column_begin));
    return 0;
}

static void add_local(void *value, void *total)
{
    add(total, value, nullptr);
}

static int touch(filch_ctx *, void *)
{
    return 0;
}

static int fail(filch_ctx *cx, void *)
{
    return filch_failf(cx, -1, "on purpose");
}

static int fib(filch_ctx *cx, void *frame)
{
    int n = *static_cast<int *>(frame);
    int a = n - 1, b = n - 2;
    if (n < 2)
        return n;
    filch_fork(&cx, fib, &a);
    int sum = fib(cx, &b);
    return sum + filch_join(&cx);
}

static int use_loops(filch_executor *ex)
{
    const long whole = static_cast<long>(count * (count - 1) / 2);
    filch_sum how = {};
    how.fold = fold;
    how.combine = add;
    how.bytes = sizeof(long);
    long sum = 0;
    size_t at = 0;
    return filch_for(ex, 0, count, fill, nullptr) == 0 &&
           filch_reduce(ex, 0, count, &how, &sum) == 0 && sum == whole &&
           filch_scan(ex, 0, count, &how, write, &sum) == 0 && sum == whole &&
           sums[count - 1] == whole &&
           filch_find_if(ex, 0, count, find_last, nullptr, &at) == 1 &&
           filch_any_of(ex, 0, count, is_any_negative, nullptr) == 0 &&
           filch_sort(ex, numbers, count, sizeof *numbers, compare, nullptr) ==
               0 &&
           numbers[0] == 0 &&
           numbers[count - 1] == static_cast<long>(count - 1) &&
           filch_sort_stable(ex, sums, count, sizeof *sums, compare, nullptr) ==
               0;
}

static int use_workers(filch_executor *ex)
{
    static filch_once_flag once;
    filch_local *local = nullptr;
    filch_tile whole = {0, 100, 0, 200};
    long cells = 0;
    int is_right = filch_local_open(&local, ex, sizeof(long), nullptr) == 0 &&
                   filch_for_2d(ex, &whole, 8, 8, count_tile, local) == 0;
    filch_local_combine(local, add_local, &cells);
    filch_local_close(local);
    return is_right && cells == 20000 &&
           filch_for_each_worker(ex, touch, nullptr, FILCH_FOREVER) == 0 &&
           filch_once(&once, ex, touch, nullptr) == 0;
}

int main()
{
    filch_config config = {};
    config.workers = 2;
    filch_executor *ex = nullptr;
    if (filch_executor_open(&ex, &config) != 0)
        return 1;
    int n = 20;
    int loops = use_loops(ex), workers = use_workers(ex);
    int forks = filch_run(ex, fib, &n) == 6765;
    int rc = filch_run(ex, fail, nullptr);
    std::printf("loops %d, workers %d, forks %d, a failure: %s\n", loops,
        workers, forks, filch_error_message(rc));
    filch_executor_close(ex);
    return loops && workers && forks && rc == -1 ? 0 : 1;
}
