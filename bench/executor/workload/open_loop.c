/* SPDX-License-Identifier: MIT */
/*
 * Tail latency under open-loop load: tasks of about 10 us of real work arrive
 * at random (Poisson) at a given share of what the workers can do at most,
 * whether or not the pool keeps up. Latency runs from the time at which the
 * task was meant to arrive to its end, so that a late submitter hides nothing
 * (no coordinated omission). The submitter spins for the next arrival: it
 * needs a CPU beside the workers.
 *
 * open_loop/load:P   P percent of the workers' capacity.
 */
#include "workload.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORK_NS = 10000 };

static const struct quantile quantiles[] = {
    {"p50_us", 0.5}, {"p99_us", 0.99}, {"p999_us", 0.999}, {"max_us", 1}};

/* One task: its arrival, then its latency. */
struct arrival {
    int64_t due_ns;
    int64_t latency_ns;
};

struct load {
    struct bench_state *st;
    const struct setup *setup;
    struct arrival *arrivals;
    size_t count;
    int is_wrong;
};

static uint64_t work_steps; /* of about WORK_NS; set before any task runs */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A chain of dependent steps: no faster on an idle sibling. */
static void do_work(void)
{
    uint64_t state = 88172645463325252U;

    for (uint64_t i = 0; i < work_steps; i++)
        next_random(&state);
    __asm__ volatile("" : : "r"(state));
}

static int64_t work_time(void)
{
    int64_t start = now_ns();

    do_work();
    return now_ns() - start;
}

/* Sets work_steps, by the fastest of many short runs. */
static void calibrate(void)
{
    int64_t best = INT64_MAX;

    if (work_steps)
        return;
    work_steps = 4000;
    for (int i = 0; i < 500; i++) {
        int64_t took = work_time();

        if (took < best)
            best = took;
    }
    work_steps = work_steps * WORK_NS / (uint64_t)best;
}

static void *task(void *arg)
{
    struct arrival *arrival = arg;

    do_work();
    arrival->latency_ns = now_ns() - arrival->due_ns;
    return arg;
}

/* Fixed seed: the same arrivals for every pool. */
static void schedule(struct load *load)
{
    double mean_ns =
        WORK_NS * 100.0 / (load->setup->workers * load->setup->variant);
    double due_ns = 0;
    uint64_t state = 2463534242U;

    for (size_t i = 0; i < load->count; i++) {
        double unit = (double)(next_random(&state) >> 11) * 0x1p-53;

        due_ns -= log1p(-unit) * mean_ns;
        load->arrivals[i].due_ns = (int64_t)due_ns;
    }
}

static void offer(struct load *load, void *submitter, struct tickets tickets)
{
    int64_t start = now_ns() + 1000000;

    for (size_t i = 0; i < load->count; i++) {
        struct arrival *arrival = &load->arrivals[i];

        arrival->due_ns += start;
        while (now_ns() < arrival->due_ns)
            ;
        pool_ops.submit(submitter, ticket_at(tickets, i), task, arrival);
    }
    for (size_t i = 0; i < load->count; i++)
        if (pool_ops.wait(submitter, ticket_at(tickets, i)) !=
            &load->arrivals[i])
            load->is_wrong = 1;
}

static void warm_up(void *submitter, struct tickets tickets)
{
    size_t count = tickets.count < 1000 ? tickets.count : 1000;

    submit_echoes(submitter, tickets, count, 0);
    collect_echoes(submitter, tickets, count, 0);
}

static void body(void *submitter, void *arg)
{
    struct load *load = arg;
    struct tickets tickets = tickets_new(load->count);

    warm_up(submitter, tickets);
    while (bench_next(load->st))
        offer(load, submitter, tickets);
    tickets_free(tickets);
}

static void report(struct load *load)
{
    int64_t *samples = must_alloc(load->count, sizeof *samples);

    for (size_t i = 0; i < load->count; i++)
        samples[i] = load->arrivals[i].latency_ns;
    report_quantiles(load->st, samples, load->count, quantiles,
        sizeof quantiles / sizeof *quantiles);
    free(samples);
    if (load->is_wrong)
        bench_fail(load->st, "wrong results");
}

static void run(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct load load = {.st = st, .setup = setup};

    calibrate();
    load.count = (size_t)(setup->scale->loaded_s * 1e9 / WORK_NS *
                          setup->workers * setup->variant / 100);
    load.arrivals = must_alloc(load.count, sizeof *load.arrivals);
    schedule(&load);
    with_pool(st, setup->workers, body, &load);
    report(&load);
    free(load.arrivals);
}

void register_open_loop(const struct scale *scale)
{
    static const int loads[] = {20, 50, 80};
    struct setup setup = {.scale = scale};
    cpu_set_t all;
    char name[32];

    sched_getaffinity(0, sizeof all, &all);
    if (pool_ops.abilities & POOL_ONE_AT_A_TIME)
        return;
    for (setup.workers = 1; setup.workers <= 2; setup.workers++)
        for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
            if (setup.workers >= CPU_COUNT(&all))
                continue; /* the submitter spins */
            setup.variant = loads[i];
            snprintf(name, sizeof name, "open_loop/load:%d", loads[i]);
            add_workload(name, run, setup);
        }
}
