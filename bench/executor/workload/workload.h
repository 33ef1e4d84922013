/* SPDX-License-Identifier: MIT */
/*
 * The workloads, written once for every pool, and what they share. Each is
 * registered under "name/workers:N"; each checks its results.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "../../common/program.h"
#include "../../shim/bench.h"
#include "../pool.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How much to do. */
struct scale {
    size_t bulk;     /* tasks queued at once */
    size_t waves;    /* waves of 1,000 */
    int tree_depth;  /* levels of the binary tree */
    int iterations;  /* of each throughput workload, after one to warm up */
    size_t hot;      /* samples of hot latency */
    size_t asleep;   /* samples after 1 ms of idleness */
    double idle_s;   /* how long to watch an idle pool */
    double paced_s;  /* how long to submit 1,000 tasks per second */
    double loaded_s; /* how long to offer each open-loop load */
};

/* Each file registers its workloads, those that the pool is able to run. */
void register_throughput(const struct scale *scale);
void register_fanout(const struct scale *scale);
void register_tree(const struct scale *scale);
void register_latency(const struct scale *scale);
void register_idle(const struct scale *scale);
void register_open_loop(const struct scale *scale);
void register_memory(const struct scale *scale);

/* What a workload is run with. */
struct setup {
    const struct scale *scale;
    int workers;
    int variant;    /* what it is, the workload knows */
    int iterations; /* 0: one */
};

/* Registers "name/workers:N". */
void add_workload(const char *name, bench_workload *run, struct setup setup);

/* Opens a pool, runs `body` with `arg` in it, closes the pool. */
void with_pool(struct bench_state *st, int workers, pool_body *body, void *arg);

/* An array of tickets, its pages touched; aborts without memory. */
struct tickets {
    char *memory;
    size_t count;
};
struct tickets tickets_new(size_t count);
void tickets_free(struct tickets tickets);
void *ticket_at(struct tickets tickets, size_t i);

/* The empty task: its result is its argument. */
void *echo(void *arg);

/* Submits an echo of base + i for each i in 0 .. count - 1. */
void submit_echoes(
    void *submitter, struct tickets tickets, size_t count, size_t base);
/* Waits for all, in order; nonzero if the results add up. */
int collect_echoes(
    void *submitter, struct tickets tickets, size_t count, size_t base);

/* Until a time of now_ns(). */
void sleep_until(int64_t time_ns);

/* Calls fn for each thread of the process but this one. */
void for_each_other_thread(void (*fn)(pid_t tid, void *arg), void *arg);

/* Sorts the samples and reports, in microseconds, the exact quantiles. */
struct quantile {
    const char *name;
    double q;
};
void report_quantiles(struct bench_state *st, int64_t *samples, size_t count,
    const struct quantile *quantiles, size_t quantile_count);

#endif
