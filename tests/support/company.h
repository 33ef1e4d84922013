/* SPDX-License-Identifier: MIT */
/*
 * Loops in which a second worker takes part for sure: the loop begins when one
 * looks for work, and no part ends before two threads have begun one. It must
 * be a short one: of 2 numbers at least, and less than 32 for each worker.
 */
#ifndef TESTS_COMPANY_H
#define TESTS_COMPANY_H

#include "feature.h"

#include "gate.h"
#include "pool.h"
#include "task/region.h"

#include <stdatomic.h>
#include <stdbool.h>

struct company {
    bool is_wanted; /* else parts do not wait */
    unsigned round;
    atomic_int threads; /* that have begun a part */
};

static inline void company_init(struct company *company, bool is_wanted)
{
    static atomic_uint rounds;
    company->is_wanted = is_wanted;
    company->round = atomic_fetch_add(&rounds, 1) + 1;
    atomic_store(&company->threads, 0);
}

/** In a part, first: the how many-th thread the caller is in this loop, from 0
 * on. */
static inline int company_count(struct company *company)
{
    static _Thread_local unsigned round;
    static _Thread_local int number;
    if (round != company->round) {
        round = company->round;
        number = atomic_fetch_add(&company->threads, 1);
    }
    return number;
}

/** In a part. Waits for a second thread. */
static inline void company_meet(struct company *company)
{
    (void)company_count(company);
    if (company->is_wanted)
        UNTIL(atomic_load(&company->threads) >= 2);
}

static inline int company_visit(filch_ctx *cx, void *visits)
{
    (void)cx;
    give(visits, 1);
    return 0;
}

/** In a task, before the loop. Returns when a worker looks for work. */
static inline void company_await(filch_ctx *cx)
{
    sem_t visits;
    const struct fl_region *region = (void *)filch_fork_region_of(cx);
    MUST(sem_init(&visits, 0, 0) == 0);
    filch_fork(&cx, company_visit, &visits);
    filch_blocking {
        take(&visits);
    }
    MUST(filch_join(&cx) == 0);
    UNTIL(fl_region_is_poked(region));
}

struct company_call {
    const struct company *company;
    filch_fork_fn *fn;
    void *frame;
};

static inline int company_begin(filch_ctx *cx, void *frame)
{
    const struct company_call *call = frame;
    if (call->company->is_wanted)
        company_await(cx);
    return call->fn(cx, call->frame);
}

/** Any thread. Runs @p fn in a task, with company if it is wanted. */
static inline int company_run(filch_executor *ex, const struct company *company,
    filch_fork_fn *fn, void *frame)
{
    struct company_call call = {company, fn, frame};
    return filch_run(ex, company_begin, &call);
}

/** Runs it in a task, on pools of 1 to 16 workers: alone, and beside another
 * worker that looks for work. */
static inline void company_run_everywhere(filch_fork_fn *fn)
{
    static const int workers[] = {1, 2, 4, 16};
    for (size_t w = 0; w < sizeof workers / sizeof *workers; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (int i = 0; i < 20; i++) {
            struct company company;
            company_init(&company, w > 0 && i % 2);
            MUST(company_run(ex, &company, fn, NULL) == 0);
        }
        MUST(filch_executor_close(ex) == 0);
    }
}

#endif
