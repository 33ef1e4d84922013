/* SPDX-License-Identifier: MIT */
/*
 * Opening executors, small tasks, and short forms for the tests.
 */
#ifndef TESTS_POOL_H
#define TESTS_POOL_H

#include "feature.h"

#include "backend.h"
#include "patience.h"

#include <stdatomic.h>
#include <string.h>

static inline filch_executor *open_with(struct filch_config config)
{
    filch_executor *ex = NULL;
    if (config.backend == FILCH_THREADS)
        config.backend = default_backend();
    int rc = filch_executor_open(&ex, &config);
    if (rc != 0) {
        fprintf(stderr, "open: %s\n", filch_error_name(rc));
        abort();
    }
    return ex;
}

static inline filch_executor *open_pool(int workers)
{
    return open_with((struct filch_config){.workers = workers});
}

static inline int outcome(filch_future *f)
{
    return filch_future_result(f, FILCH_FOREVER, NULL, 0);
}

/** Waits, releases, and returns the outcome. */
static inline int settle(filch_future *f)
{
    int rc = outcome(f);
    filch_future_release(f);
    return rc;
}

static inline int int_result(filch_future *f)
{
    int value = -1;
    MUST(filch_future_result(f, FILCH_FOREVER, &value, sizeof value) == 0);
    return value;
}

/** result = arg, for an int behind the pointer. */
static inline int echo(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    memcpy(result, arg, sizeof(int));
    return 0;
}

/** Fails with -EIO and "disk on fire". */
static inline int burn(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    return filch_failf(cx, -EIO, "disk %s", "on fire");
}

/** Adds one to the atomic_int behind `arg`. */
static inline int bump(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    atomic_fetch_add((atomic_int *)arg, 1);
    return 0;
}

static inline int nothing(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return 0;
}

#endif
