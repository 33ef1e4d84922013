/* SPDX-License-Identifier: MIT */
/*
 * The loops. Each adds to what it is given, so that at the end a number that
 * was left out once, or done twice, is seen.
 */
#include "harness.h"

#include <stdlib.h>

enum {
    BODY_NS = 10000,
    BODIES = 1000,
    UNEVEN_NUMBERS = 100, /* as many cost the same */
    SIDE = 1000,
    TINY = 100, /* elements */
    TINY_LOOPS = 20000,
    SAMPLES_MAX = 256
};

/* Whole numbers, so small that sums of products are exact. */
static double *numbers(size_t count, uint64_t seed)
{
    double *x = must_alloc(count, sizeof *x);

    for (size_t i = 0; i < count; i++)
        x[i] = (double)(splitmix64(seed + i) % 64);
    return x;
}

struct axpys {
    struct axpy p;
    long times; /* in one go */
};

static struct axpys axpys_new(size_t count, long times)
{
    struct axpys a = {
        .p = {.x = numbers(count, 1), .a = 3, .count = count},
        .times = times,
    };

    a.p.y = must_alloc(count, sizeof *a.p.y);
    return a;
}

static void axpys_end(struct bench_state *st, struct axpys *a, long times)
{
    int is_right = 1;

    for (size_t i = 0; i < a->p.count; i++)
        is_right &= a->p.y[i] == a->p.a * a->p.x[i] * (double)times;
    check(st, is_right);
    free(a->p.y);
    free((double *)a->p.x);
}

static void solve_trivial(void *pool, void *problem)
{
    competitor.trivial(pool, &((struct axpys *)problem)->p);
}

static void for_trivial(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct axpys a = axpys_new(setup->scale->elements, 1);

    axpys_end(st, &a, solve(st, setup->workers, solve_trivial, &a));
}

static void solve_tiny(void *pool, void *problem)
{
    struct axpys *a = problem;

    competitor.tiny(pool, &a->p, a->times);
}

static void for_tiny(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct axpys a = axpys_new(TINY, TINY_LOOPS);

    axpys_end(st, &a, solve(st, setup->workers, solve_tiny, &a) * a.times);
    bench_set_seconds_per_item(st, "s_per_loop", a.times);
}

static void solve_nested(void *pool, void *problem)
{
    competitor.nested(pool, problem);
}

static void for_nested(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    double *rows = numbers(SIDE, 1), *columns = numbers(SIDE, 2);
    double *cells = must_alloc((size_t)SIDE * SIDE, sizeof *cells);
    struct table t = {cells, rows, columns, SIDE};
    long times = solve(st, setup->workers, solve_nested, &t);
    int is_right = 1;

    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
        is_right &=
            cells[i] == rows[i / SIDE] * columns[i % SIDE] * (double)times;
    check(st, is_right);
    free(rows);
    free(columns);
    free(cells);
}

/* Is out[i] what the bodies added so many times? */
static int is_spun(const struct bodies *p, int is_uneven, long times)
{
    for (size_t i = 0; i < p->count; i++) {
        uint64_t steps = is_uneven ? i / p->steps : p->steps;

        if (p->out[i] != spin(i, steps) * (uint64_t)times)
            return 0;
    }
    return 1;
}

static void solve_uneven(void *pool, void *problem)
{
    competitor.uneven(pool, problem);
}

static void for_uneven(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    size_t count = setup->scale->uneven;
    struct bodies b = {must_alloc(count, sizeof *b.out), count, UNEVEN_NUMBERS};
    long times = solve(st, setup->workers, solve_uneven, &b);

    check(st, is_spun(&b, 1, times));
    free(b.out);
}

/* The last times that something took. */
struct samples {
    int64_t ns[SAMPLES_MAX];
    size_t count;
};

static void sample(struct samples *s, int64_t start_ns)
{
    s->ns[s->count++ % SAMPLES_MAX] = now_ns() - start_ns;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double median(struct samples *s)
{
    size_t kept = s->count < SAMPLES_MAX ? s->count : SAMPLES_MAX;

    qsort(s->ns, kept, sizeof *s->ns, compare);
    return kept ? (double)s->ns[kept / 2] : 0;
}

/* Steps that take BODY_NS on this machine: the best of some attempts, once. */
static uint64_t body_steps(void)
{
    enum { ATTEMPTS = 50, STEPS = 20000 };
    static uint64_t steps;
    int64_t best_ns = INT64_MAX;

    for (int i = 0; i < ATTEMPTS && steps == 0; i++) {
        int64_t start_ns = now_ns(), ns;

        (void)spin(1, STEPS);
        ns = now_ns() - start_ns;
        best_ns = ns < best_ns ? ns : best_ns;
    }
    if (steps == 0)
        steps = (uint64_t)STEPS * BODY_NS / (uint64_t)best_ns;
    return steps;
}

/* Bodies, how long they took with the pool, and how long a plain loop. */
struct timed_bodies {
    struct bodies p;
    struct samples pool, plain;
    long times;
};

static void plain_loop(struct timed_bodies *b)
{
    enum { ATTEMPTS = 5 };

    for (int k = 0; k < ATTEMPTS; k++, b->times++) {
        int64_t start_ns = now_ns();

        for (size_t i = 0; i < b->p.count; i++)
            even_at(&b->p, i);
        sample(&b->plain, start_ns);
    }
}

static void solve_even(void *pool, void *problem)
{
    struct timed_bodies *b = problem;
    int64_t start_ns = now_ns();

    competitor.even(pool, &b->p);
    sample(&b->pool, start_ns);
}

/* The plain loop before and after: the machine's speed drifts. */
static void for_bodies(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct timed_bodies b = {
        .p = {must_alloc(BODIES, sizeof *b.p.out), BODIES, body_steps()},
    };
    double ideal_ns;

    plain_loop(&b);
    b.times += solve(st, setup->workers, solve_even, &b);
    plain_loop(&b);
    check(st, is_spun(&b.p, 0, b.times));
    ideal_ns = median(&b.plain) / setup->workers;
    bench_set_counter(
        st, "over_ideal_percent", 100 * (median(&b.pool) / ideal_ns - 1));
    free(b.p.out);
}

void register_loops(const struct scale *scale)
{
    if (competitor.trivial)
        add_workload("for_trivial", for_trivial, scale, NULL);
    if (competitor.even)
        add_workload("for_bodies", for_bodies, scale, NULL);
    if (competitor.uneven)
        add_workload("for_uneven", for_uneven, scale, NULL);
    if (competitor.nested)
        add_workload("for_nested", for_nested, scale, NULL);
    if (competitor.tiny)
        add_workload("for_tiny", for_tiny, scale, NULL);
}
