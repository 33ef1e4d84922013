/* SPDX-License-Identifier: MIT */
/*
 * One way to fork and join, as the harness sees it: whole problems, so that
 * what is measured is forks that the compiler sees. Each competitor says each
 * problem in its own words, as short and as alike as possible.
 */
#ifndef BENCH_FORK_COMPETITOR_H
#define BENCH_FORK_COMPETITOR_H

#include "problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A problem with a number for a size and a number for a result. */
typedef long counting(void *pool, int n);

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
    counting *fib;    /* of n, without cut-off */
    counting *skynet; /* sum of 0 .. n - 1, n a power of SKYNET_WAYS */
    counting *queens; /* solutions of n queens */
    counting *uts;    /* nodes of the unbalanced tree, n levels full */
    void (*multiply)(void *pool, struct product product);
    void (*sort)(void *pool, int *first, size_t count);
};

extern const struct competitor competitor;

#ifdef __cplusplus
}
#endif
#endif
