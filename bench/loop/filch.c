/* SPDX-License-Identifier: MIT */
/* filch. */
#include "../common/filch_pool.h"
#include "competitor.h"

#include <filch/algorithm.h>
#include <filch/sort.h>

static int trivial_part(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    const struct axpy *p = arg;

    (void)cx;
    for (size_t i = begin; i < end; i++)
        axpy_at(p, i);
    return 0;
}

static void trivial(void *pool, const struct axpy *p)
{
    must(filch_for(pool, 0, p->count, trivial_part, (void *)p));
}

static int even_part(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    const struct bodies *p = arg;

    (void)cx;
    for (size_t i = begin; i < end; i++)
        even_at(p, i);
    return 0;
}

static void even(void *pool, const struct bodies *p)
{
    must(filch_for(pool, 0, p->count, even_part, (void *)p));
}

static int uneven_part(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    const struct bodies *p = arg;

    (void)cx;
    for (size_t i = begin; i < end; i++)
        uneven_at(p, i);
    return 0;
}

static void uneven(void *pool, const struct bodies *p)
{
    must(filch_for(pool, 0, p->count, uneven_part, (void *)p));
}

struct row {
    const struct table *table;
    size_t row;
};

static int nested_cells(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    const struct row *p = arg;

    (void)cx;
    for (size_t column = begin; column < end; column++)
        table_at(p->table, p->row, column);
    return 0;
}

static int nested_rows(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct row p = {.table = arg};
    filch_executor *ex = filch_ctx_executor(cx);

    for (p.row = begin; p.row < end; p.row++)
        must(filch_for(ex, 0, p.table->side, nested_cells, &p));
    return 0;
}

static void nested(void *pool, const struct table *p)
{
    must(filch_for(pool, 0, p->side, nested_rows, (void *)p));
}

struct loops {
    const struct axpy *p;
    long times;
};

static int tiny_loops(filch_ctx *cx, void *frame)
{
    const struct loops *loops = frame;
    filch_executor *ex = filch_ctx_executor(cx);

    for (long i = 0; i < loops->times; i++)
        trivial(ex, loops->p);
    return 0;
}

static void tiny(void *pool, const struct axpy *p, long times)
{
    struct loops loops = {p, times};

    must(filch_run(pool, tiny_loops, &loops));
}

static int add(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    *(double *)sum += sum_of(arg, begin, end);
    return 0;
}

static void combine(void *left, const void *right, void *arg)
{
    (void)arg;
    *(double *)left += *(const double *)right;
}

static double total(void *pool, const struct sum *p, int is_reproducible)
{
    struct filch_sum sum = {
        .fold = add,
        .combine = combine,
        .arg = (void *)p,
        .bytes = sizeof(double),
        .is_reproducible = is_reproducible,
    };
    double result;

    must(filch_reduce(pool, 0, p->count, &sum, &result));
    return result;
}

static double reduce(void *pool, const struct sum *p)
{
    return total(pool, p, 0);
}

static double reduce_reproducible(void *pool, const struct sum *p)
{
    return total(pool, p, 1);
}

static int add_longs(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    const struct prefix *p = arg;
    long added = *(long *)sum;

    (void)cx;
    for (size_t i = begin; i < end; i++)
        added += p->from[i];
    *(long *)sum = added;
    return 0;
}

static int write_longs(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    const struct prefix *p = arg;
    long added = *(long *)sum;

    (void)cx;
    for (size_t i = begin; i < end; i++)
        p->to[i] = added += p->from[i];
    *(long *)sum = added;
    return 0;
}

static void combine_longs(void *left, const void *right, void *arg)
{
    (void)arg;
    *(long *)left += *(const long *)right;
}

static void scan(void *pool, const struct prefix *p)
{
    struct filch_sum sum = {
        .fold = add_longs,
        .combine = combine_longs,
        .arg = (void *)p,
        .bytes = sizeof(long),
    };

    must(filch_scan(pool, 0, p->count, &sum, write_longs, NULL));
}

static int find_part(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    (void)cx;
    *found = first_of(arg, begin, end);
    return *found < end;
}

static size_t find(void *pool, const struct search *p)
{
    size_t found = p->count;
    int rc = filch_find_if(pool, 0, p->count, find_part, (void *)p, &found);

    if (rc < 0)
        abort();
    return found;
}

static int compare(const void *a, const void *b, void *arg)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    (void)arg;
    return (x > y) - (x < y);
}

static void sort(void *pool, const struct keys *p)
{
    must(filch_sort(pool, p->first, p->count, sizeof *p->first, compare, NULL));
}

const struct competitor competitor = {
    .name = "filch",
    .workers_max = FILCH_WORKERS_MAX,
    .version = filch_version,
    .open = open_pool,
    .close = close_pool,
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
