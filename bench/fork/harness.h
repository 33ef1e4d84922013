/* SPDX-License-Identifier: MIT */
/* What the files of the harness share. */
#ifndef BENCH_FORK_HARNESS_H
#define BENCH_FORK_HARNESS_H

#include "../common/program.h"
#include "../common/setup.h"
#include "competitor.h"

/* How much to do. */
struct scale {
    int is_quick;
    double seconds; /* how long at least to measure one workload */
    int side;       /* of the matrices */
    size_t count;   /* of the numbers to be sorted */
};

/* Each file registers its workloads, those that the competitor has. */
void register_counts(const struct scale *scale);
void register_arrays(const struct scale *scale);

/* Registers "name/workers:N" for each N that the competitor can. */
void add_workload(const char *name, bench_workload *run,
    const struct scale *scale, const void *problem);

/* A pool, or a failure of the workload, and NULL. */
void *open_or_fail(struct bench_state *st, int workers);

#endif
