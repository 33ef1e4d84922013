/* SPDX-License-Identifier: MIT */
/*
 * Large elements: what is sorted are pointers to them; then each is moved to
 * its place, by way of a copy of all. Until then the array is only read.
 */
#include <filch/fork.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm/sort.h"

enum { PIECE_BYTES = 1 << 16 };

/* Immutable while it is sorted, and so is what is at `base`. */
struct large {
    filch_executor *executor;
    char *base;
    const char **pointers;
    char *room;
    const struct fl_order *order;
    size_t count;
};

/* The user's comparison, for pointers to pointers. */
static int compare_pointed(const void *a, const void *b, void *arg)
{
    const struct fl_order *order = arg;
    return order->compare(
        *(const char *const *)a, *(const char *const *)b, order->arg);
}

FILCH_VOID_TASK(
    gather, const struct large *, large, size_t, first, size_t, count)
{
    size_t half = count / 2, size = large->order->size;
    if (count == 1 || count * size <= PIECE_BYTES) {
        for (size_t i = first; i < first + count; i++)
            memcpy(large->room + i * size, large->pointers[i], size);
        return;
    }
    gather_fork(&cx, large, first + half, count - half);
    gather(cx, large, first, half);
    gather_join(&cx);
}

FILCH_TASK(int, sort_large, const struct large *, large)
{
    struct fl_order pointed = {
        compare_pointed, (void *)(uintptr_t)large->order, sizeof(char *)};
    size_t size = large->order->size;
    for (size_t i = 0; i < large->count; i++)
        large->pointers[i] = large->base + i * size;
    int rc =
        fl_sort_small(large->executor, large->pointers, large->count, &pointed);
    if (rc)
        return rc;
    gather(cx, large, 0, large->count);
    fl_sort_copy(cx, large->base, large->room, large->count * size);
    return 0;
}

int fl_sort_large(
    filch_executor *ex, void *base, size_t count, const struct fl_order *order)
{
    struct large large = {ex, base, fl_sort_allocate(count, sizeof(char *)),
        fl_sort_allocate(count, order->size), order, count};
    int result = -ENOMEM;
    int rc = 0;
    if (large.pointers && large.room)
        rc = sort_large_run(ex, &result, &large);
    free((void *)large.pointers);
    free(large.room);
    return rc ? rc : result;
}
