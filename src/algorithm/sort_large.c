/* SPDX-License-Identifier: MIT */
/*
 * Large elements: what is sorted are pointers to them. Then each element is
 * moved to its place once, in parallel. Until then the array is only read.
 *
 * Who goes where is a permutation: cycles of places, each of which gets its
 * element from the next. Every CUT-th place cuts its cycle. Once the elements
 * of the cuts have been saved, the arcs between them are shifted independently
 * of each other. A random permutation has next to no cycles without a cut;
 * those that there are come last.
 */
#include <filch/fork.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm/sort.h"

enum { CUT = 64, CUTS_PIECE = 16 };

struct large {
    filch_executor *executor;     /* immutable */
    const struct fl_order *order; /* immutable */
    char *base;                   /* immutable */
    size_t count;                 /* immutable */
    char *saved;                  /* one for each cut */
    /* What goes to this place; the place itself once it is there. */
    const char **pointers;
};

/* The user's comparison, for pointers to pointers. */
static int compare_pointed(const void *a, const void *b, void *arg)
{
    const struct fl_order *order = arg;
    return order->compare(
        *(const char *const *)a, *(const char *const *)b, order->arg);
}

static char *place_of(const struct large *large, size_t index)
{
    return large->base + index * large->order->size;
}

static char *saved_of(const struct large *large, size_t cut)
{
    return large->saved + cut * large->order->size;
}

/* From where the place gets its element; marks it as done. */
static size_t source_of(const struct large *large, size_t index)
{
    size_t bytes = (size_t)(large->pointers[index] - large->base);
    large->pointers[index] = place_of(large, index);
    return bytes / large->order->size;
}

typedef void for_cut(const struct large *large, size_t cut);

static void save(const struct large *large, size_t cut)
{
    memcpy(
        saved_of(large, cut), place_of(large, cut * CUT), large->order->size);
}

/* The arc that begins with the cut. */
static void shift(const struct large *large, size_t cut)
{
    size_t size = large->order->size, to = cut * CUT;
    size_t from = source_of(large, to);
    for (; from % CUT != 0; to = from, from = source_of(large, to))
        memcpy(place_of(large, to), place_of(large, from), size);
    memcpy(place_of(large, to), saved_of(large, from / CUT), size);
}

/* A cycle without a cut. */
static void shift_cycle(const struct large *large, size_t first)
{
    size_t size = large->order->size, to = first;
    memcpy(large->saved, place_of(large, first), size);
    size_t from = source_of(large, to);
    for (; from != first; to = from, from = source_of(large, to))
        memcpy(place_of(large, to), place_of(large, from), size);
    memcpy(place_of(large, to), large->saved, size);
}

FILCH_VOID_TASK(for_cuts, const struct large *, large, for_cut *, body, size_t,
    first, size_t, count)
{
    size_t half = count / 2;
    if (count <= CUTS_PIECE) {
        for (size_t i = first; i < first + count; i++)
            body(large, i);
        return;
    }
    for_cuts_fork(&cx, large, body, first + half, count - half);
    for_cuts(cx, large, body, first, half);
    for_cuts_join(&cx);
}

static size_t cuts_of(size_t count)
{
    return (count + CUT - 1) / CUT;
}

static void permute(filch_ctx *cx, const struct large *large)
{
    for_cuts(cx, large, save, 0, cuts_of(large->count));
    for_cuts(cx, large, shift, 0, cuts_of(large->count));
    for (size_t i = 0; i < large->count; i++)
        if (large->pointers[i] != place_of(large, i))
            shift_cycle(large, i);
}

FILCH_TASK(int, sort_large, const struct large *, large)
{
    struct fl_order pointed = {
        compare_pointed, (void *)(uintptr_t)large->order, sizeof(char *), true};
    for (size_t i = 0; i < large->count; i++)
        large->pointers[i] = place_of(large, i);
    int rc =
        fl_sort_small(large->executor, large->pointers, large->count, &pointed);
    if (rc)
        return rc;
    permute(cx, large);
    return 0;
}

int fl_sort_large(
    filch_executor *ex, void *base, size_t count, const struct fl_order *order)
{
    struct large large = {ex, order, base, count,
        fl_sort_allocate(cuts_of(count), order->size),
        fl_sort_allocate(count, sizeof(char *))};
    int result = -ENOMEM;
    int rc = 0;
    if (large.saved && large.pointers)
        rc = sort_large_run(ex, &result, &large);
    free((void *)large.pointers);
    free(large.saved);
    return rc ? rc : result;
}
