/* SPDX-License-Identifier: MIT */
/* The workloads with a number for a result; fib by the fork. */
#include "harness.h"

struct size {
    int n;
    long result;
    int64_t forks; /* 0: not reported */
};

struct count {
    const char *name;
    counting *const *run; /* to be looked up in the competitor */
    struct size full, quick;
};

static const struct count counts[] = {
    {
        .name = "fib",
        .run = &competitor.fib,
        .full = {34, 5702887, 9227464},
        .quick = {32, 2178309, 3524577},
    },
    {
        .name = "skynet",
        .run = &competitor.skynet,
        .full = {1000000, 499999500000, 0},
        .quick = {1000000, 499999500000, 0},
    },
    {
        .name = "queens",
        .run = &competitor.queens,
        .full = {12, 14200, 0},
        .quick = {11, 2680, 0},
    },
    {
        .name = "uts",
        .run = &competitor.uts,
        .full = {5, 5704793, 0},
        .quick = {4, 1153713, 0},
    },
};

static void count(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    const struct count *count = setup->problem;
    const struct size *size =
        setup->scale->is_quick ? &count->quick : &count->full;
    counting *run = *count->run;
    void *pool = open_or_fail(st, setup->workers);
    int is_right;

    if (!pool)
        return;
    is_right = run(pool, size->n) == size->result;
    while (bench_next(st))
        is_right &= run(pool, size->n) == size->result;
    competitor.close(pool);
    if (!is_right)
        bench_fail(st, "wrong result");
    if (size->forks)
        bench_set_seconds_per_item(st, "s_per_fork", size->forks);
}

void register_counts(const struct scale *scale)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (*counts[i].run)
            add_workload(counts[i].name, count, scale, &counts[i]);
}
