/* SPDX-License-Identifier: MIT */
/* The program of one competitor: all workloads, [--quick], and the options
 * of Google Benchmark. */
#include "workload.h"

static const struct scale full = {
    .bulk = 1000000,
    .waves = 1000,
    .tree_depth = 20,
    .iterations = 3,
    .hot = 50000,
    .asleep = 1000,
    .idle_s = 2,
    .paced_s = 2,
    .loaded_s = 1,
};

static const struct scale quick = {
    .bulk = 200000,
    .waves = 200,
    .tree_depth = 18,
    .iterations = 2,
    .hot = 5000,
    .asleep = 200,
    .idle_s = 1,
    .paced_s = 1,
    .loaded_s = 0.5,
};

int main(int argc, char **argv)
{
    const struct scale *scale = take_quick(&argc, argv) ? &quick : &full;

    bench_describe("pool", pool_ops.name);
    bench_describe("version", pool_ops.version());
    bench_describe(
        "caller_helps", pool_ops.abilities & POOL_CALLER_HELPS ? "yes" : "no");
    register_throughput(scale);
    register_fanout(scale);
    register_tree(scale);
    register_latency(scale);
    register_idle(scale);
    register_open_loop(scale);
    register_memory(scale);
    return bench_main(argc, argv);
}
