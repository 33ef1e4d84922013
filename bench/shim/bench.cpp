/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <benchmark/benchmark.h>

struct bench_state {
    benchmark::State &state;
};

static benchmark::internal::Benchmark *add(
    const char *name, bench_workload *run, void *data)
{
    auto call = [run, data](benchmark::State &state) {
        bench_state st{state};
        run(&st, data);
    };
    return benchmark::RegisterBenchmark(name, call)
        ->UseRealTime()
        ->MeasureProcessCPUTime()
        ->Unit(benchmark::kMillisecond);
}

void bench_register(
    const char *name, bench_workload *run, void *data, int64_t iterations)
{
    add(name, run, data)->Iterations(iterations);
}

void bench_register_timed(
    const char *name, bench_workload *run, void *data, double seconds)
{
    add(name, run, data)->MinTime(seconds);
}

int bench_next(bench_state *st)
{
    return st->state.KeepRunning();
}

void bench_pause(bench_state *st)
{
    st->state.PauseTiming();
}

void bench_resume(bench_state *st)
{
    st->state.ResumeTiming();
}

void bench_set_items(bench_state *st, int64_t items_per_iteration)
{
    st->state.SetItemsProcessed(st->state.iterations() * items_per_iteration);
}

void bench_set_seconds_per_item(
    bench_state *st, const char *name, int64_t items_per_iteration)
{
    auto items = st->state.iterations() * items_per_iteration;

    st->state.counters[name] = benchmark::Counter(static_cast<double>(items),
        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
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
