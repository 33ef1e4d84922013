/* SPDX-License-Identifier: MIT */
/* What the files of the harness share. */
#ifndef BENCH_LOOP_HARNESS_H
#define BENCH_LOOP_HARNESS_H

#include "../common/program.h"
#include "../common/setup.h"
#include "../common/splitmix64.h"
#include "competitor.h"

/* How much to do. */
struct scale {
    double seconds;  /* how long at least to measure one workload */
    size_t elements; /* of loops, sums, prefix sums, searches */
    size_t uneven;   /* bodies of growing cost */
    size_t keys;     /* to be sorted */
};

/* Each file registers its workloads, those that the competitor has. */
void register_loops(const struct scale *scale);
void register_sums(const struct scale *scale);
void register_find(const struct scale *scale);
void register_sorts(const struct scale *scale);

/* Registers "name/workers:N" for each N that the competitor can. */
void add_workload(const char *name, bench_workload *run,
    const struct scale *scale, const void *problem);

/* A pool, or a failure of the workload, and NULL. */
void *open_or_fail(struct bench_state *st, int workers);

/* Solves a problem with a pool: once to warm up, then as often as is measured.
 * How often that was; 0 after a failure of the workload, without a pool. */
typedef void solving(void *pool, void *problem);
long solve(struct bench_state *st, int workers, solving *run, void *problem);

/* The workload fails if its result was not right. */
void check(struct bench_state *st, int is_right);

#endif
