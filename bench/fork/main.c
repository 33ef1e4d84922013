/* SPDX-License-Identifier: MIT */
/*
 * The program of one competitor: all workloads, [--quick], and the options of
 * Google Benchmark; or "--fib N": fib(N) once with one worker, for callgrind.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETUPS_MAX = 16 };

static const struct scale full = {
    .seconds = 0.5,
    .side = 1024,
    .count = 10000000,
};

static const struct scale quick = {
    .is_quick = 1,
    .seconds = 0.1,
    .side = 512,
    .count = 1000000,
};

void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (!memory)
        abort();
    return memory;
}

void *open_or_fail(struct bench_state *st, int workers)
{
    void *pool = competitor.open(workers);

    if (!pool)
        bench_fail(st, "the pool cannot be opened");
    return pool;
}

void add_workload(const char *name, bench_workload *run,
    const struct scale *scale, const void *problem)
{
    static struct setup setups[SETUPS_MAX];
    static int used;
    char full_name[32];

    for (int workers = 1; workers <= 2; workers++) {
        struct setup *setup = &setups[used];

        if (workers > competitor.workers_max)
            return;
        if (used++ == SETUPS_MAX)
            abort();
        *setup = (struct setup){scale, problem, workers};
        snprintf(full_name, sizeof full_name, "%s/workers:%d", name, workers);
        bench_register_timed(full_name, run, setup, scale->seconds);
    }
}

/* Takes "--quick" out of the arguments; nonzero if it was there. */
static int take_quick(int *argc, char **argv)
{
    int kept = 0, found = 0;

    for (int i = 0; i < *argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            found = 1;
        else
            argv[kept++] = argv[i];
    argv[kept] = NULL;
    *argc = kept;
    return found;
}

static int fib_once(int n)
{
    void *pool = competitor.open(1);

    if (!pool)
        return 1;
    printf("%ld\n", competitor.fib(pool, n));
    competitor.close(pool);
    return 0;
}

int main(int argc, char **argv)
{
    const struct scale *scale = take_quick(&argc, argv) ? &quick : &full;

    if (argc == 3 && strcmp(argv[1], "--fib") == 0)
        return fib_once((int)strtol(argv[2], NULL, 10));
    bench_describe("pool", competitor.name);
    bench_describe("version", competitor.version());
    register_counts(scale);
    register_arrays(scale);
    return bench_main(argc, argv);
}
