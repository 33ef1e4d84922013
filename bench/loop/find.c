/* SPDX-License-Identifier: MIT */
/* Searching. */
#include "harness.h"

#include <stdlib.h>

enum { WANTED = -1 };

struct searching {
    struct search p;
    size_t first; /* where it is */
    int is_right;
};

static void solve_search(void *pool, void *problem)
{
    struct searching *s = problem;

    s->is_right &= competitor.find(pool, &s->p) == s->first;
}

/* What is wanted is there three times, the first at three quarters. */
static void find(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    size_t count = setup->scale->elements;
    int *x = must_alloc(count, sizeof *x);
    struct searching s = {
        .p = {x, count, WANTED},
        .first = count / 4 * 3,
        .is_right = 1,
    };

    for (size_t i = 0; i < count; i++)
        x[i] = (int)(splitmix64(i) >> 33);
    x[s.first] = x[s.first + 1000] = x[count - 1] = WANTED;
    solve(st, setup->workers, solve_search, &s);
    check(st, s.is_right);
    free(x);
}

void register_find(const struct scale *scale)
{
    if (competitor.find)
        add_workload("find", find, scale, NULL);
}
