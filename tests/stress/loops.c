/* SPDX-License-Identifier: MIT */
/*
 * Loops out of a seed: of any kind and length, with bodies that dawdle, block,
 * fail, and loop themselves, from several threads, in tasks and in forks. What
 * each gives is computed again by a plain loop.
 * `loops [SCALE [SEED]]`; a mismatch prints the loop's own seed.
 */
#include "../support/pool.h"
#include "../support/stress.h"

#include <stdbool.h>

enum { LOOPS = 200, DEPTH = 2, LONGEST = 4000, LONGEST_INSIDE = 60 };

/* A loop: its seed says all about it. */
struct loop {
    uint64_t seed;
    int depth;
    filch_executor *ex;
    size_t begin, end;
    uint64_t rarity; /* of numbers that are bad, or wanted; 0: there are none */
    atomic_ulong sum; /* of what was done */
    uint64_t *out;    /* a scan's */
};

static filch_executor *other; /* for loops in another one */

static void run_random(filch_executor *ex, uint64_t seed, int depth);

static uint64_t hash(uint64_t seed, size_t i)
{
    uint64_t state = seed ^ (uint64_t)i * UINT64_C(0x2545F4914F6CDD1D);
    return draw_bits(&state);
}

static bool is_bad(const struct loop *loop, size_t i)
{
    return loop->rarity && hash(loop->seed, i) % loop->rarity == 0;
}

static int code_of(const struct loop *loop, size_t i)
{
    return -1 - (int)(hash(loop->seed + 1, i) % 4000);
}

/* The first bad number of the range, or its end. */
static size_t first_bad(const struct loop *loop)
{
    size_t i = loop->begin;
    while (i < loop->end && !is_bad(loop, i))
        i++;
    return i;
}

/* What a number costs. */
static void spend(const struct loop *loop, size_t i)
{
    uint64_t cost = hash(loop->seed + 2, i);
    volatile uint64_t spent = 0;
    while (cost % 4 == 0 && spent < cost / 4 % 200)
        spent = spent + 1;
    if (cost % 256 == 1)
        filch_blocking {
            sched_yield();
        }
    if (cost % 128 == 2 && loop->depth > 0)
        run_random(loop->ex, cost, loop->depth - 1);
}

static void must_be(const struct loop *loop, bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "loop %#llx at depth %d, %zu to %zu: %s\n",
        (unsigned long long)loop->seed, loop->depth, loop->begin, loop->end,
        what);
    abort();
}

static int do_for(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct loop *loop = arg;
    for (size_t i = begin; i < end; i++) {
        spend(loop, i);
        if (is_bad(loop, i))
            return filch_failf(cx, code_of(loop, i), "as planned");
        atomic_fetch_add(&loop->sum, hash(loop->seed, i));
    }
    return 0;
}

static void try_for(struct loop *loop)
{
    unsigned long sum = 0;
    int rc = filch_for(loop->ex, loop->begin, loop->end, do_for, loop);
    size_t bad = first_bad(loop);
    must_be(loop, rc == (bad < loop->end ? code_of(loop, bad) : 0), "code");
    if (rc)
        return;
    for (size_t i = loop->begin; i < loop->end; i++)
        sum += hash(loop->seed, i);
    must_be(loop, sum == atomic_load(&loop->sum), "sum");
}

/* A table of about as many cells, numbered by row. */
static int do_tile(filch_ctx *cx, const struct filch_tile *tile, void *arg)
{
    struct loop *loop = arg;
    (void)cx;
    for (size_t i = tile->row_begin; i < tile->row_end; i++)
        for (size_t k = tile->column_begin; k < tile->column_end; k++) {
            spend(loop, i * LONGEST + k);
            atomic_fetch_add(&loop->sum, hash(loop->seed, i * LONGEST + k));
        }
    return 0;
}

static void try_table(struct loop *loop)
{
    uint64_t random = loop->seed;
    unsigned long sum = 0;
    size_t width = 1 + (size_t)draw(&random, 60);
    struct filch_tile whole = {
        3, 3 + (loop->end - loop->begin) / width, 1, 1 + width};
    int rc = filch_for_2d(loop->ex, &whole, (size_t)draw(&random, 9),
        (size_t)draw(&random, 9), do_tile, loop);
    must_be(loop, rc == 0, "code");
    for (size_t i = whole.row_begin; i < whole.row_end; i++)
        for (size_t k = whole.column_begin; k < whole.column_end; k++)
            sum += hash(loop->seed, i * LONGEST + k);
    must_be(loop, sum == atomic_load(&loop->sum), "sum");
}

/* Affine maps, one after the other. */
struct map {
    uint64_t a, b;
};

static const struct map same = {1, 0};

static void append(struct map *map, struct map next)
{
    map->a *= next.a;
    map->b = map->b * next.a + next.b;
}

static struct map map_of(const struct loop *loop, size_t i)
{
    return (struct map){hash(loop->seed, i) | 1, i};
}

static int do_fold(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct loop *loop = arg;
    for (size_t i = begin; i < end; i++) {
        spend(loop, i);
        if (is_bad(loop, i))
            return filch_failf(cx, code_of(loop, i), "as planned");
        append(sum, map_of(loop, i));
    }
    return 0;
}

static int do_write(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct loop *loop = arg;
    for (size_t i = begin; i < end; i++) {
        spend(loop, i);
        if (is_bad(loop, i))
            return filch_failf(cx, code_of(loop, i), "as planned");
        append(sum, map_of(loop, i));
        loop->out[i - loop->begin] += ((struct map *)sum)->b;
    }
    return 0;
}

static void combine(void *left, const void *right, void *arg)
{
    (void)arg;
    append(left, *(const struct map *)right);
}

static struct filch_sum sum_of(struct loop *loop)
{
    return (struct filch_sum){.fold = do_fold,
        .combine = combine,
        .arg = loop,
        .bytes = sizeof(struct map),
        .identity = &same,
        .is_reproducible = loop->seed % 3 == 0};
}

static void try_reduce(struct loop *loop)
{
    struct filch_sum sum = sum_of(loop);
    struct map result;
    struct map wanted = same;
    int rc = filch_reduce(loop->ex, loop->begin, loop->end, &sum, &result);
    size_t bad = first_bad(loop);
    must_be(loop, rc == (bad < loop->end ? code_of(loop, bad) : 0), "code");
    if (rc)
        return;
    for (size_t i = loop->begin; i < loop->end; i++)
        append(&wanted, map_of(loop, i));
    must_be(loop, wanted.a == result.a && wanted.b == result.b, "sum");
}

/* All before the first bad one has been written, and once. */
static void try_scan(struct loop *loop)
{
    struct filch_sum sum = sum_of(loop);
    struct map total;
    struct map wanted = same;
    loop->out = calloc(loop->end - loop->begin + 1, sizeof *loop->out);
    int rc =
        filch_scan(loop->ex, loop->begin, loop->end, &sum, do_write, &total);
    size_t bad = first_bad(loop);
    must_be(loop, rc == (bad < loop->end ? code_of(loop, bad) : 0), "code");
    for (size_t i = loop->begin; i < bad; i++) {
        append(&wanted, map_of(loop, i));
        must_be(loop, loop->out[i - loop->begin] == wanted.b, "prefix");
    }
    must_be(loop, rc || (wanted.a == total.a && wanted.b == total.b), "total");
    free(loop->out);
}

/* What is bad is what is wanted; every other one fails. */
static int do_find(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    struct loop *loop = arg;
    for (size_t i = begin; i < end; i++) {
        spend(loop, i);
        if (is_bad(loop, i) && code_of(loop, i) % 2)
            return filch_failf(cx, code_of(loop, i), "as planned");
        if (is_bad(loop, i)) {
            *found = i;
            return 1;
        }
    }
    return 0;
}

static void try_find(struct loop *loop)
{
    size_t found = 0;
    int rc = filch_find_if(loop->ex, loop->begin, loop->end, do_find, loop,
        loop->seed % 5 ? &found : NULL);
    size_t bad = first_bad(loop);
    if (bad == loop->end)
        must_be(loop, rc == 0, "nothing is there");
    else if (code_of(loop, bad) % 2)
        must_be(loop, rc == code_of(loop, bad), "code");
    else
        must_be(loop, rc == 1 && (found == bad || !(loop->seed % 5)), "found");
}

static int do_ask(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct loop *loop = arg;
    (void)cx;
    for (size_t i = begin; i < end; i++) {
        spend(loop, i);
        if (is_bad(loop, i))
            return 1;
    }
    return 0;
}

static void try_any(struct loop *loop)
{
    int rc = filch_any_of(loop->ex, loop->begin, loop->end, do_ask, loop);
    must_be(loop, rc == (first_bad(loop) < loop->end), "answer");
}

static void (*const kinds[])(struct loop *) = {
    try_for, try_table, try_reduce, try_scan, try_find, try_any};

static void run_random(filch_executor *ex, uint64_t seed, int depth)
{
    uint64_t random = seed;
    struct loop loop = {.seed = draw_bits(&random), .depth = depth, .ex = ex};
    int longest = depth == DEPTH ? LONGEST : LONGEST_INSIDE;
    size_t count = (size_t)draw(&random, 1 + draw(&random, longest));
    loop.begin =
        draw(&random, 3) ? (size_t)draw(&random, 100) : SIZE_MAX - count;
    loop.end = loop.begin + count;
    if (draw(&random, 2))
        loop.rarity = 1 + (uint64_t)draw(&random, 2 * longest);
    if (draw(&random, 8) == 0 && ex != other && depth < DEPTH)
        loop.ex = other; /* one way only: no circle */
    kinds[draw(&random, sizeof kinds / sizeof *kinds)](&loop);
}

/* The ways in. */
struct start {
    filch_executor *ex;
    uint64_t seed;
};

static int run_in_task(filch_ctx *cx, void *arg, void *result)
{
    struct start *start = arg;
    (void)result;
    run_random(filch_ctx_executor(cx), start->seed, DEPTH);
    return 0;
}

FILCH_VOID_TASK(run_in_forks, uint64_t, seed, int, depth)
{
    if (depth == 0) {
        run_random(filch_ctx_executor(cx), seed, DEPTH);
        return;
    }
    run_in_forks_fork(&cx, seed * 3, depth - 1);
    run_in_forks_fork(&cx, seed * 3 + 1, depth - 1);
    run_random(filch_ctx_executor(cx), seed, DEPTH - 1);
    run_in_forks_join(&cx);
    run_in_forks_join(&cx);
}

static void *run_loops(void *arg)
{
    struct stress_thread *thread = arg;
    filch_executor *ex = thread->shared;
    for (int i = 0; i < LOOPS; i++) {
        struct start start = {ex, draw_bits(&thread->random)};
        int way = draw(&thread->random, 8);
        if (way == 0)
            MUST(run_in_forks_run(ex, start.seed, 2) == 0);
        else if (way < 3)
            MUST(settle(filch_submit(ex, run_in_task, &start)) == 0);
        else
            run_random(ex, start.seed, DEPTH);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static const int workers[] = {1, 2, 3, 4, 8, 16};
    enum { POOLS = sizeof workers / sizeof *workers };
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 2 * POOLS * s.scale; i++) {
        filch_executor *ex =
            open_with((struct filch_config){.workers = workers[i % POOLS],
                .spares = i % 4 == 3 ? FILCH_NO_SPARES : 0});
        other = open_pool(1 + (int)(i % 3));
        stress_run(run_loops, s.seed * 1000 + i, ex);
        MUST(filch_executor_close(ex) == 0);
        MUST(filch_executor_close(other) == 0);
    }
    return 0;
}
