/* SPDX-License-Identifier: MIT */
/* Sums and prefix sums. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct summing {
    struct sum p;
    double (*reduce)(void *pool, const struct sum *p); /* the competitor's */
    double wanted, tolerance;
    int is_right;
};

static int is_near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance;
}

static void solve_sum(void *pool, void *problem)
{
    struct summing *s = problem;

    s->is_right &= is_near(s->reduce(pool, &s->p), s->wanted, s->tolerance);
}

/* Fractions from 0 to 1, whose sum depends on the order; nearly exact. */
static double fill(double *x, size_t count)
{
    long double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += x[i] = (double)(splitmix64(i) >> 11) * 0x1p-53;
    return (double)sum;
}

/* With a tolerance of the sum's 10^-9, for the error of the additions; or, if
 * it is reproducible, bit by bit what a pool of one worker said. */
static void sum(struct bench_state *st, const struct setup *setup,
    double (*reduce)(void *pool, const struct sum *p), int is_reproducible)
{
    size_t count = setup->scale->elements;
    double *x = must_alloc(count, sizeof *x), exact = fill(x, count);
    struct summing s = {
        .p = {x, count},
        .reduce = reduce,
        .wanted = exact,
        .tolerance = exact * 1e-9,
        .is_right = 1,
    };
    void *alone = is_reproducible ? open_or_fail(st, 1) : NULL;

    if (alone) {
        s.wanted = reduce(alone, &s.p);
        s.is_right = is_near(s.wanted, exact, s.tolerance);
        s.tolerance = 0;
        competitor.close(alone);
    }
    solve(st, setup->workers, solve_sum, &s);
    check(st, s.is_right);
    free(x);
}

static void reduce(struct bench_state *st, void *data)
{
    sum(st, data, competitor.reduce, 0);
}

static void reduce_reproducible(struct bench_state *st, void *data)
{
    sum(st, data, competitor.reduce_reproducible, 1);
}

struct scanning {
    struct prefix p;
    long half, total; /* what the middle one and the last one are to be */
    int is_right;
};

/* Looks at two results each time, which are then no longer there. */
static void solve_prefix(void *pool, void *problem)
{
    struct scanning *s = problem;
    long *half = &s->p.to[s->p.count / 2], *last = &s->p.to[s->p.count - 1];

    *half = *last = -1;
    competitor.scan(pool, &s->p);
    s->is_right &= *half == s->half && *last == s->total;
}

static int is_prefix(const struct prefix *p)
{
    long sum = 0;

    for (size_t i = 0; i < p->count; i++)
        if (p->to[i] != (sum += p->from[i]))
            return 0;
    return 1;
}

static void scan(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    size_t count = setup->scale->elements;
    long *to = must_alloc(count, sizeof *to);
    long *from = must_alloc(count, sizeof *from);
    struct scanning s = {.p = {to, from, count}, .is_right = 1};

    for (size_t i = 0; i < count; i++) {
        s.total += from[i] = (long)(splitmix64(i) % 1000);
        s.half = i == count / 2 ? s.total : s.half;
    }
    memset(to, 0xff, count * sizeof *to);
    solve(st, setup->workers, solve_prefix, &s);
    check(st, s.is_right && is_prefix(&s.p));
    free(to);
    free(from);
}

void register_sums(const struct scale *scale)
{
    if (competitor.reduce)
        add_workload("reduce", reduce, scale, NULL);
    if (competitor.reduce_reproducible)
        add_workload("reduce_reproducible", reduce_reproducible, scale, NULL);
    if (competitor.scan)
        add_workload("scan", scan, scale, NULL);
}
