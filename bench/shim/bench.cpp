/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <benchmark/benchmark.h>

struct bench_state {
    benchmark::State &state;
};

void bench_register(
    const char *name, bench_workload *run, void *data, int64_t iterations)
{
    auto call = [run, data](benchmark::State &state) {
        bench_state st{state};
        run(&st, data);
    };
    benchmark::RegisterBenchmark(name, call)
        ->Iterations(iterations)
        ->UseRealTime()
        ->MeasureProcessCPUTime()
        ->Unit(benchmark::kMillisecond);
}

int bench_next(bench_state *st)
{
    return st->state.KeepRunning();
}

void bench_set_items(bench_state *st, int64_t items_per_iteration)
{
    st->state.SetItemsProcessed(st->state.iterations() * items_per_iteration);
}

void bench_set_counter(bench_state *st, const char *name, double value)
{
    st->state.counters[name] = value;
}

void bench_fail(bench_state *st, const char *why)
{
    st->state.SkipWithError(why);
}

void bench_describe(const char *key, const char *value)
{
    benchmark::AddCustomContext(key, value);
}

int bench_main(int argc, char **argv)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
