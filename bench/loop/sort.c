/* SPDX-License-Identifier: MIT */
/* Sorting. Copying the input and checking are not measured. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* Which keys. */
struct order {
    const char *name;
    int64_t (*key)(size_t i, size_t count);
};

static int64_t random_key(size_t i, size_t count)
{
    (void)count;
    return (int64_t)splitmix64(i);
}

static int64_t sorted_key(size_t i, size_t count)
{
    (void)count;
    return (int64_t)i;
}

static int64_t reversed_key(size_t i, size_t count)
{
    return (int64_t)(count - i);
}

static int64_t few_key(size_t i, size_t count)
{
    (void)count;
    return (int64_t)(splitmix64(i) % 16);
}

static const struct order orders[] = {
    {"sort/random", random_key},
    {"sort/sorted", sorted_key},
    {"sort/reversed", reversed_key},
    {"sort/few", few_key},
};

struct sorting {
    struct keys p;
    const int64_t *unsorted;
    uint64_t sum;
};

/* The same for the same keys, in whatever order. */
static uint64_t sum(const int64_t *keys, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += splitmix64((uint64_t)keys[i]);
    return sum;
}

static int is_sorted(const struct sorting *s)
{
    for (size_t i = 1; i < s->p.count; i++)
        if (s->p.first[i - 1] > s->p.first[i])
            return 0;
    return sum(s->p.first, s->p.count) == s->sum;
}

static void restore(const struct sorting *s)
{
    memcpy(s->p.first, s->unsorted, s->p.count * sizeof *s->unsorted);
}

static void sort_all(
    struct bench_state *st, void *pool, const struct sorting *s)
{
    int is_right = 1;

    restore(s);
    competitor.sort(pool, &s->p);
    while (bench_next(st)) {
        bench_pause(st);
        is_right &= is_sorted(s);
        restore(s);
        bench_resume(st);
        competitor.sort(pool, &s->p);
    }
    check(st, is_right && is_sorted(s));
}

static void sort(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    const struct order *order = setup->problem;
    size_t count = setup->scale->keys;
    int64_t *unsorted = must_alloc(count, sizeof *unsorted);
    struct sorting s = {
        .p = {must_alloc(count, sizeof *unsorted), count},
        .unsorted = unsorted,
    };
    void *pool = open_or_fail(st, setup->workers);

    for (size_t i = 0; i < count; i++)
        unsorted[i] = order->key(i, count);
    s.sum = sum(unsorted, count);
    if (pool) {
        sort_all(st, pool, &s);
        competitor.close(pool);
    }
    free(s.p.first);
    free(unsorted);
}

void register_sorts(const struct scale *scale)
{
    if (!competitor.sort)
        return;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        add_workload(orders[i].name, sort, scale, &orders[i]);
}
