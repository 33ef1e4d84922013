/* SPDX-License-Identifier: MIT */
/* OpenMP loops: gcc's libgomp, or clang's libomp. The calling thread is one of
 * the workers; a parallel region for each loop, on a team that stays. */
#include "competitor.h"

#include <omp.h>

static const char *version(void)
{
    return __VERSION__;
}

static void *open_team(int workers)
{
    static char team;

    omp_set_num_threads(workers);
    return &team;
}

static void close_team(void *pool)
{
    (void)pool;
}

static void trivial(void *pool, const struct axpy *p)
{
    (void)pool;
#pragma omp parallel for
    for (size_t i = 0; i < p->count; i++)
        axpy_at(p, i);
}

static void even(void *pool, const struct bodies *p)
{
    (void)pool;
#pragma omp parallel for
    for (size_t i = 0; i < p->count; i++)
        even_at(p, i);
}

static void uneven(void *pool, const struct bodies *p)
{
    (void)pool;
#pragma omp parallel for schedule(guided)
    for (size_t i = 0; i < p->count; i++)
        uneven_at(p, i);
}

static void nested_row(const struct table *p, size_t row)
{
#pragma omp parallel for
    for (size_t column = 0; column < p->side; column++)
        table_at(p, row, column);
}

/* The inner loops get one thread each: nested teams are off by default. */
static void nested(void *pool, const struct table *p)
{
    (void)pool;
#pragma omp parallel for
    for (size_t row = 0; row < p->side; row++)
        nested_row(p, row);
}

static void tiny(void *pool, const struct axpy *p, long times)
{
    while (times-- > 0)
        trivial(pool, p);
}

/* Block by block: of `simd reduction`, gcc makes two sums, clang one. */
static double reduce(void *pool, const struct sum *p)
{
    enum { BLOCK = 10000 };
    double sum = 0;

    (void)pool;
#pragma omp parallel for reduction(+ : sum)
    for (size_t begin = 0; begin < p->count; begin += BLOCK) {
        size_t left = p->count - begin;

        sum += sum_of(p, begin, begin + (left < BLOCK ? left : BLOCK));
    }
    return sum;
}

/* clang puts all the sums on the stack, which is too small for them. */
#ifndef __clang__
static void scan(void *pool, const struct prefix *p)
{
    long sum = 0;

    (void)pool;
#pragma omp parallel for reduction(inscan, + : sum)
    for (size_t i = 0; i < p->count; i++) {
        sum += p->from[i];
#pragma omp scan inclusive(sum)
        p->to[i] = sum;
    }
}
#endif

const struct competitor competitor = {
    .name = "OpenMP " OPENMP_RUNTIME,
    .workers_max = 1024,
    .version = version,
    .open = open_team,
    .close = close_team,
    .trivial = trivial,
    .even = even,
    .uneven = uneven,
    .nested = nested,
    .tiny = tiny,
    .reduce = reduce,
#ifndef __clang__
    .scan = scan,
#endif
};
