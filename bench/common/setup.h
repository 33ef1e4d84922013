/* SPDX-License-Identifier: MIT */
/* A workload that runs with pools of several sizes, as long as it is told. */
#ifndef BENCH_SETUP_H
#define BENCH_SETUP_H

#include "../shim/bench.h"

/* How much to do; each suite has its own. */
struct scale;

/* One workload with one size of the pool: what it is run with. */
struct setup {
    const struct scale *scale;
    const void *problem; /* what it is, the workload knows */
    int workers;
};

/* Registers "name/workers:N" for N = 1 and 2, as far as `workers_max` goes,
 * to run at least so long. */
void register_setups(const char *name, bench_workload *run, struct setup common,
    int workers_max, double seconds);

#endif
