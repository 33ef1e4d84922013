/* SPDX-License-Identifier: MIT */
/*
 * The time of one submit and its wait, as the submitter sees it; exact
 * quantiles of all samples, in microseconds.
 *
 * latency_hot/P     back to back.
 * latency_asleep/P  the submitter sleeps 1 ms before each.
 *
 * P is where the submitter and the worker run: `free`, as the scheduler
 * likes; `one_cpu`, both on one; `two_cpus`, each on its own. Threads are put
 * there once they have started, behind the pool's back.
 */
#include "workload.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { FREE, ONE_CPU, TWO_CPUS, PLACEMENTS };
enum { ASLEEP = PLACEMENTS }; /* variant = placement + (0 or ASLEEP) */

static const char *const placement_names[] = {"free", "one_cpu", "two_cpus"};

static const struct quantile quantiles[] = {
    {"p50_us", 0.5}, {"p90_us", 0.9}, {"p99_us", 0.99}, {"min_us", 0}};

struct latency {
    struct bench_state *st;
    const struct setup *setup;
    cpu_set_t all, submitter_cpu, worker_cpu;
    int64_t *samples;
    size_t count;
    int is_wrong;
};

static int64_t sample(struct latency *l, void *submitter, struct tickets ticket)
{
    void *arg = l, *result;
    int64_t start = now_ns();

    pool_ops.submit(submitter, ticket_at(ticket, 0), echo, arg);
    result = pool_ops.wait(submitter, ticket_at(ticket, 0));
    if (result != arg)
        l->is_wrong = 1;
    return now_ns() - start;
}

static void sample_all(
    struct latency *l, void *submitter, struct tickets ticket)
{
    int sleeps = l->setup->variant >= ASLEEP;

    for (size_t i = 0; i < l->count; i++) {
        if (sleeps)
            sleep_until(now_ns() + 1000000);
        l->samples[i] = sample(l, submitter, ticket);
    }
}

/* May fail for a thread that has just ended. */
static void put(pid_t tid, void *cpus)
{
    (void)sched_setaffinity(tid, sizeof(cpu_set_t), cpus);
}

static void body(void *submitter, void *arg)
{
    struct latency *l = arg;
    struct tickets ticket = tickets_new(1);

    for (int i = 0; i < 100; i++) /* every worker has started */
        sample(l, submitter, ticket);
    put(0, &l->submitter_cpu);
    for_each_other_thread(put, &l->worker_cpu);
    for (int i = 0; i < 100; i++)
        sample(l, submitter, ticket);
    while (bench_next(l->st))
        sample_all(l, submitter, ticket);
    for_each_other_thread(put, &l->all);
    put(0, &l->all);
    tickets_free(ticket);
}

/* The n-th of the CPUs, from 0. */
static cpu_set_t nth_cpu(const cpu_set_t *all, int n)
{
    cpu_set_t one;
    size_t cpu = 0;

    while (cpu < CPU_SETSIZE - 1 && (!CPU_ISSET(cpu, all) || n-- > 0))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return one;
}

static void choose_cpus(struct latency *l)
{
    int placement = l->setup->variant % PLACEMENTS;

    sched_getaffinity(0, sizeof l->all, &l->all);
    l->submitter_cpu = placement == FREE ? l->all : nth_cpu(&l->all, 0);
    l->worker_cpu =
        placement == TWO_CPUS ? nth_cpu(&l->all, 1) : l->submitter_cpu;
}

static void run(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct latency l = {.st = st, .setup = setup};

    l.count =
        setup->variant >= ASLEEP ? setup->scale->asleep : setup->scale->hot;
    l.samples = must_alloc(l.count, sizeof *l.samples);
    choose_cpus(&l);
    with_pool(st, setup->workers, body, &l);
    if (l.is_wrong)
        bench_fail(st, "wrong results");
    report_quantiles(st, l.samples, l.count, quantiles,
        sizeof quantiles / sizeof *quantiles);
    free(l.samples);
}

static int is_possible(const struct setup *setup, int cpus)
{
    int placement = setup->variant % PLACEMENTS;
    int is_floor = pool_ops.abilities & POOL_ONE_AT_A_TIME;

    if (setup->workers > 1 && (is_floor || placement != FREE))
        return 0;
    if (pool_ops.abilities & POOL_SPINS)
        return placement == TWO_CPUS && cpus >= 2;
    return placement != TWO_CPUS || cpus >= 2;
}

void register_latency(const struct scale *scale)
{
    struct setup setup = {.scale = scale};
    cpu_set_t all;
    char name[40];

    sched_getaffinity(0, sizeof all, &all);
    for (setup.workers = 1; setup.workers <= 2; setup.workers++)
        for (setup.variant = 0; setup.variant < 2 * PLACEMENTS;
             setup.variant++) {
            if (!is_possible(&setup, CPU_COUNT(&all)))
                continue;
            snprintf(name, sizeof name, "latency_%s/%s",
                setup.variant >= ASLEEP ? "asleep" : "hot",
                placement_names[setup.variant % PLACEMENTS]);
            add_workload(name, run, setup);
        }
}
