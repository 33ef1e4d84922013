/* SPDX-License-Identifier: MIT */
/*
 * A thread that makes one blocking call, and is known to sleep in it before
 * the test goes on.
 */
#ifndef TESTS_READER_H
#define TESTS_READER_H

#include "feature.h"

#include "patience.h"
#include "proc.h"

#include <pthread.h>
#include <stdatomic.h>

struct reader {
    pthread_t thread;
    _Atomic pid_t tid;
    int (*call)(void *arg);
    void *arg;
    int rc;
};

static inline void *reader_main(void *self)
{
    struct reader *r = self;
    atomic_store(&r->tid, gettid());
    r->rc = r->call(r->arg);
    return NULL;
}

/** Starts the thread; returns when it sleeps. */
static inline void reader_start(
    struct reader *r, int (*call)(void *arg), void *arg)
{
    atomic_store(&r->tid, 0);
    r->call = call;
    r->arg = arg;
    MUST(pthread_create(&r->thread, NULL, reader_main, r) == 0);
    UNTIL(atomic_load(&r->tid) != 0 && is_asleep(atomic_load(&r->tid)));
}

/** Joins the thread; what its call returned. */
static inline int reader_join(struct reader *r)
{
    MUST(pthread_join(r->thread, NULL) == 0);
    return r->rc;
}

#endif
