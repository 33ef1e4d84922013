/* SPDX-License-Identifier: MIT */
/*
 * Google Benchmark for C: workloads are C functions, registered by name; the
 * command line, repetitions, counters and JSON are Google Benchmark's own.
 * One thread: all of these are called from the thread that runs main().
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One run of one workload. */
struct bench_state;

/* A workload: sets up, loops `while (bench_next(st))`, cleans up. */
typedef void bench_workload(struct bench_state *st, void *data);

/* Registers a workload that runs `iterations` times and is measured in real
 * time; `cpu_time` in the report is that of all threads. Copies the name;
 * borrows `data` until bench_main() returns. */
void bench_register(
    const char *name, bench_workload *run, void *data, int64_t iterations);

/* The same, but it runs at least so long, however often that is: from the
 * start for each number of iterations that is tried, the last one counts. */
void bench_register_timed(
    const char *name, bench_workload *run, void *data, double seconds);

/* Starts the next iteration, and its clock; 0 when all are done. */
int bench_next(struct bench_state *st);

/* What happens in between is not measured. */
void bench_pause(struct bench_state *st);
void bench_resume(struct bench_state *st);

/* How many items each iteration handled: gives items_per_second. */
void bench_set_items(struct bench_state *st, int64_t items_per_iteration);

/* How many each iteration handled: `name` is the seconds for one of them. */
void bench_set_seconds_per_item(
    struct bench_state *st, const char *name, int64_t items_per_iteration);

/* Adds a figure of the workload's own to the report. */
void bench_set_counter(struct bench_state *st, const char *name, double value);

/* The workload's result was wrong, or it could not run: an error in the
 * report. bench_next() returns 0 from now on. */
void bench_fail(struct bench_state *st, const char *why);

/* Adds a line to the report's context. Before bench_main(). */
void bench_describe(const char *key, const char *value);

/* Runs what the command line asks for (--benchmark_filter=... and so on).
 * Returns main()'s value: nonzero for an unknown option. */
int bench_main(int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
