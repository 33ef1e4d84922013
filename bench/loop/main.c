/* SPDX-License-Identifier: MIT */
/* The program of one competitor: all workloads, [--quick], and the options of
 * Google Benchmark. */
#include "harness.h"

static const struct scale full = {
    .seconds = 0.5,
    .elements = 10000000,
    .uneven = 100000,
    .keys = 10000000,
};

static const struct scale quick = {
    .seconds = 0.1,
    .elements = 10000000,
    .uneven = 50000,
    .keys = 1000000,
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

long solve(struct bench_state *st, int workers, solving *run, void *problem)
{
    void *pool = open_or_fail(st, workers);
    long times = 1;

    if (!pool)
        return 0;
    run(pool, problem);
    for (; bench_next(st); times++)
        run(pool, problem);
    competitor.close(pool);
    return times;
}

void check(struct bench_state *st, int is_right)
{
    if (!is_right)
        bench_fail(st, "wrong result");
}

int main(int argc, char **argv)
{
    const struct scale *scale = take_quick(&argc, argv) ? &quick : &full;

    bench_describe("pool", competitor.name);
    bench_describe("version", competitor.version());
    register_loops(scale);
    register_sums(scale);
    register_find(scale);
    register_sorts(scale);
    return bench_main(argc, argv);
}
