/* SPDX-License-Identifier: MIT */
/*
 * One library of parallel algorithms, as the harness sees it. Each competitor
 * says each problem in its own words, as its manual would.
 */
#ifndef BENCH_LOOP_COMPETITOR_H
#define BENCH_LOOP_COMPETITOR_H

#include "problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL for a problem that it does not have. */
struct competitor {
    const char *name;
    /* Most workers it can use. */
    int workers_max;
    /* The version of the library that is measured; a static string. */
    const char *(*version)(void);
    /* Returns what computes with `workers` threads, or NULL. */
    void *(*open)(int workers);
    void (*close)(void *pool);
    void (*trivial)(void *pool, const struct axpy *p);
    void (*even)(void *pool, const struct bodies *p);
    void (*uneven)(void *pool, const struct bodies *p);
    /* A loop in a loop, both parallel. */
    void (*nested)(void *pool, const struct table *p);
    /* The same loop so many times, one after the other, from a worker. */
    void (*tiny)(void *pool, const struct axpy *p, long times);
    double (*reduce)(void *pool, const struct sum *p);
    /* The same bits for any number of workers. */
    double (*reduce_reproducible)(void *pool, const struct sum *p);
    void (*scan)(void *pool, const struct prefix *p);
    size_t (*find)(void *pool, const struct search *p);
    void (*sort)(void *pool, const struct keys *p);
};

extern const struct competitor competitor;

#ifdef __cplusplus
}
#endif
#endif
