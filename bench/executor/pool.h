/* SPDX-License-Identifier: MIT */
/*
 * One pool of threads, as the workloads see it: a table of operations that
 * each competitor fills in the way its own documentation shows. A program has
 * one competitor, `pool_ops`.
 */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a task does: gets a pointer, gives a pointer. */
typedef void *pool_task(void *arg);

/* What pool_ops.use() runs. */
typedef void pool_body(void *submitter, void *arg);

/* What a pool can do beyond tasks from outside. */
enum pool_ability {
    POOL_SUBMITS_INSIDE = 1, /* a task may submit tasks */
    POOL_WAITS_INSIDE = 2,   /* and wait for them, in a pool of one worker */
    POOL_CALLER_HELPS = 4,   /* wait() may run tasks in the waiting thread */
    POOL_ONE_AT_A_TIME = 8,  /* a floor: one task in flight, nothing else */
    POOL_SPINS = 16,         /* a floor: each thread needs a CPU of its own */
};

/* A ticket is the caller's handle of one submitted task: `ticket_bytes` of
 * the caller's memory, of no defined content before submit() and after
 * wait(). */
struct pool_ops {
    const char *name;
    unsigned abilities;
    size_t ticket_bytes;
    /* The version of the library that is measured; a static string. */
    const char *(*version)(void);
    /* Returns a pool of `workers` threads, or NULL. */
    void *(*open)(int workers);
    /* Ends it; every task has been waited for, every use() is over. */
    void (*close)(void *pool);
    /* Runs `body` in the calling thread, which submits and waits in it: an
     * outside thread, or, in a pool that waits inside, a worker. */
    void (*use)(void *pool, pool_body *body, void *arg);
    /* Submits a task whose result wait() will give. From the body's thread;
     * in a pool that submits inside also from a task, while the body's thread
     * waits. */
    void (*submit)(void *submitter, void *ticket, pool_task *task, void *arg);
    /* Blocks until the task is done, returns its result, frees its handle.
     * From the body's thread. */
    void *(*wait)(void *submitter, void *ticket);
    /* Submits a task that nobody will ask about. As submit(), also from
     * several tasks at once. NULL in a pool that cannot submit inside. */
    void (*post)(void *submitter, pool_task *task, void *arg);
};

extern const struct pool_ops pool_ops;

#ifdef __cplusplus
}
#endif
#endif
