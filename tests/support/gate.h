/* SPDX-License-Identifier: MIT */
/*
 * A gate holds tasks until the test lets them through, so that a test knows
 * what runs and what waits without any sleeping.
 */
#ifndef TESTS_GATE_H
#define TESTS_GATE_H

#include "feature.h"

#include "backend.h"
#include "patience.h"

#include <errno.h>
#include <semaphore.h>

struct gate {
    sem_t arrived;
    sem_t passes;
};

static inline void take(sem_t *sem)
{
    while (sem_wait(sem) != 0)
        MUST(errno == EINTR);
}

static inline void take_many(sem_t *sem, int count)
{
    while (count-- > 0)
        take(sem);
}

static inline void give(sem_t *sem, int count)
{
    while (count-- > 0)
        MUST(sem_post(sem) == 0);
}

static inline void gate_init(struct gate *gate)
{
    MUST(sem_init(&gate->arrived, 0, 0) == 0);
    MUST(sem_init(&gate->passes, 0, 0) == 0);
}

/** Returns when @p count more tasks stand at the gate. */
static inline void gate_await(struct gate *gate, int count)
{
    take_many(&gate->arrived, count);
}

static inline void gate_pass(struct gate *gate, int count)
{
    give(&gate->passes, count);
}

/** The other side: stand at the gate until let through. */
static inline void stand_at(struct gate *gate)
{
    give(&gate->arrived, 1);
    take(&gate->passes);
}

/** A task that stands at the gate `arg`. */
static inline int stand(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    stand_at(arg);
    return 0;
}

static inline int stand_aside(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return 0;
}

/** Occupies one worker of @p ex; returns when the worker stands there. A manual
 * executor runs nothing unless it is told to: there the task only waits. */
static inline filch_future *occupy(filch_executor *ex, struct gate *gate)
{
    if (default_backend() == FILCH_MANUAL)
        return filch_submit(ex, stand_aside, NULL);
    filch_future *f = filch_submit(ex, stand, gate);
    gate_await(gate, 1);
    return f;
}

#endif
