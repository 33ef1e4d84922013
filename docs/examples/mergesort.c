/* SPDX-License-Identifier: MIT */
/*
 * mergesort: sorts random numbers, and says how parallel that is.
 *
 *     mergesort [COUNT] [WORKERS] [GRAIN]
 *
 * Both the sorting of the halves and their merging fork. The latter down to
 * GRAIN elements: with a GRAIN of COUNT the merging is serial. Each task
 * returns its span: how long the longest chain of things took that had to be
 * done one after the other. No number of workers makes it shorter.
 */
#include "compare.h"

#include <string.h>

enum { TINY = 16, SMALL = 2048 };

static size_t merge_grain = 4096; /* immutable once there are tasks */

static void merge_serial(
    const int *a, size_t a_count, const int *b, size_t b_count, int *to)
{
    while (a_count && b_count) {
        int from_b = *b < *a;
        *to++ = from_b ? *b : *a;
        b += from_b, b_count -= (size_t)from_b;
        a += !from_b, a_count -= (size_t)!from_b;
    }
    memcpy(to, a, a_count * sizeof *a);
    memcpy(to + a_count, b, b_count * sizeof *b);
}

static void sort_tiny(int *data, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int number = data[i];
        size_t at = i;
        for (; at > 0 && data[at - 1] > number; at--)
            data[at] = data[at - 1];
        data[at] = number;
    }
}

/* The sorted numbers go to `room` if `is_moved`, else they stay in `data`. */
static void sort_serial(int *data, int *room, size_t count, int is_moved)
{
    size_t half = count / 2;
    int *from = is_moved ? data : room, *to = is_moved ? room : data;
    if (count <= TINY) {
        sort_tiny(data, count);
        memcpy(to, data, to == data ? 0 : count * sizeof *data);
        return;
    }
    sort_serial(data, room, half, !is_moved);
    sort_serial(data + half, room + half, count - half, !is_moved);
    merge_serial(from, half, from + half, count - half, to);
}

/* How many of the sorted numbers are less than the key. */
static size_t count_less(const int *sorted, size_t count, int key)
{
    size_t from = 0;
    while (from < count) {
        size_t middle = from + (count - from) / 2;
        if (sorted[middle] < key)
            from = middle + 1;
        else
            count = middle;
    }
    return from;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

FILCH_TASK(int64_t, merge, const int *, a, size_t, a_count, const int *, b,
    size_t, b_count, int *, to)
{
    int64_t start = filch_now();
    if (a_count < b_count)
        return merge(cx, b, b_count, a, a_count, to);
    if (a_count + b_count <= merge_grain) {
        merge_serial(a, a_count, b, b_count, to);
        return filch_now() - start;
    }
    size_t i = a_count / 2, j = count_less(b, b_count, a[i]);
    merge_fork(&cx, a + i, a_count - i, b + j, b_count - j, to + i + j);
    int64_t low = merge(cx, a, i, b, j, to);
    return longer(low, merge_join(&cx));
}

FILCH_TASK(
    int64_t, sort, int *, data, int *, room, size_t, count, int, is_moved)
{
    int64_t start = filch_now();
    size_t half = count / 2;
    int *from = is_moved ? data : room, *to = is_moved ? room : data;
    if (count <= SMALL) {
        sort_serial(data, room, count, is_moved);
        return filch_now() - start;
    }
    sort_fork(&cx, data + half, room + half, count - half, !is_moved);
    int64_t low = sort(cx, data, room, half, !is_moved);
    int64_t span = longer(low, sort_join(&cx));
    return span + merge(cx, from, half, from + half, count - half, to);
}

static int run(int *data, int *expected, int *room, size_t count, int workers)
{
    int64_t start = filch_now();
    sort_serial(expected, room, count, 0);
    int64_t serial = filch_now() - start, parallel = 0, span = 1;
    int rc = 0;
    filch_with (ex, .name = "mergesort", .workers = workers) {
        workers = filch_executor_workers(ex);
        start = filch_now();
        rc = sort_run(ex, &span, data, room, count, 0);
        parallel = filch_now() - start;
    }
    if (rc) {
        (void)fprintf(stderr, "mergesort: %s\n", filch_strerror(rc));
        return EXIT_FAILURE;
    }
    (void)printf("span     %10.3f ms, parallelism: %.1f\n", (double)span / 1e6,
        (double)serial / (double)span);
    return compare_print(serial, parallel, workers,
        memcmp(data, expected, count * sizeof *data) == 0);
}

int main(int argc, char **argv)
{
    struct number numbers[] = {{"COUNT", 1, 1000000000, 1000000},
        {"WORKERS", 0, FILCH_WORKERS_MAX, 0}, {"GRAIN", 2, 1000000000, 4096}};
    if (argc < 1 || compare_read(numbers, 3, argv + 1))
        return compare_usage("mergesort", numbers, 3);
    size_t count = (size_t)numbers[0].value;
    merge_grain = (size_t)numbers[2].value;
    int *data = calloc(3 * count, sizeof *data);
    if (!data) {
        (void)fputs("mergesort: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    uint64_t random = 1;
    for (size_t i = 0; i < count; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        data[i] = data[count + i] = (int)(random >> 33);
    }
    int status =
        run(data, data + count, data + 2 * count, count, (int)numbers[1].value);
    free(data);
    return status;
}
