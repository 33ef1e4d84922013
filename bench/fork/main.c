/* SPDX-License-Identifier: MIT */
/*
 * The program of one competitor: all workloads, [--quick], and the options of
 * Google Benchmark; or "--fib N": fib(N) once with one worker, for callgrind.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    register_setups(name, run, (struct setup){scale, problem, 0},
        competitor.workers_max, scale->seconds);
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
