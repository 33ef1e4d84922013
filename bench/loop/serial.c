/* SPDX-License-Identifier: MIT */
/* Plain loops, and the C library's qsort(). */
#include "competitor.h"

#include <stdlib.h>

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

static void trivial(void *pool, const struct axpy *p)
{
    (void)pool;
    for (size_t i = 0; i < p->count; i++)
        axpy_at(p, i);
}

static void even(void *pool, const struct bodies *p)
{
    (void)pool;
    for (size_t i = 0; i < p->count; i++)
        even_at(p, i);
}

static void uneven(void *pool, const struct bodies *p)
{
    (void)pool;
    for (size_t i = 0; i < p->count; i++)
        uneven_at(p, i);
}

static void nested(void *pool, const struct table *p)
{
    (void)pool;
    for (size_t row = 0; row < p->side; row++)
        for (size_t column = 0; column < p->side; column++)
            table_at(p, row, column);
}

static void tiny(void *pool, const struct axpy *p, long times)
{
    while (times-- > 0)
        trivial(pool, p);
}

static double reduce(void *pool, const struct sum *p)
{
    (void)pool;
    return sum_of(p, 0, p->count);
}

static double pairwise(const struct sum *p, size_t begin, size_t end)
{
    enum { SMALL = 1000 };
    size_t middle = begin + (end - begin) / 2;

    if (end - begin <= SMALL)
        return sum_of(p, begin, end);
    return pairwise(p, begin, middle) + pairwise(p, middle, end);
}

static double reduce_reproducible(void *pool, const struct sum *p)
{
    (void)pool;
    return pairwise(p, 0, p->count);
}

static void scan(void *pool, const struct prefix *p)
{
    long sum = 0;

    (void)pool;
    for (size_t i = 0; i < p->count; i++)
        p->to[i] = sum += p->from[i];
}

static size_t find(void *pool, const struct search *p)
{
    (void)pool;
    return first_of(p, 0, p->count);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void sort(void *pool, const struct keys *p)
{
    (void)pool;
    qsort(p->first, p->count, sizeof *p->first, compare);
}

const struct competitor competitor = {
    .name = "serial C",
    .workers_max = 1,
    .version = version,
    .open = open_nothing,
    .close = close_nothing,
    .trivial = trivial,
    .even = even,
    .uneven = uneven,
    .nested = nested,
    .tiny = tiny,
    .reduce = reduce,
    .reduce_reproducible = reduce_reproducible,
    .scan = scan,
    .find = find,
    .sort = sort,
};
