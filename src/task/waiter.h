/* SPDX-License-Identifier: MIT */
/*
 * A waiter: one thread that waits for any of several tasks. It hangs a node
 * on each; a task that becomes final counts up the waiter's word.
 * Everything lives on the waiting thread's stack.
 */
#ifndef FL_TASK_WAITER_H
#define FL_TASK_WAITER_H

#include "task/hook.h"

struct fl_waiter {
    /* bit 0: asleep; the rest counts events. Any thread, atomic */
    _Atomic uint32_t word;
};

/* What a waiter hangs on a task. */
struct fl_wait_node {
    struct fl_hook hook;
    struct fl_waiter *waiter; /* immutable */
};

/* The waiter, before anybody knows it. */
static inline void fl_waiter_init(struct fl_waiter *waiter)
{
    atomic_init(&waiter->word, 0);
}

/* Any thread that knows that the waiter still waits. An event: wakes it. */
void fl_waiter_notify(struct fl_waiter *waiter);

/* The waiter. Events so far: take it before looking at the tasks. */
static inline uint32_t fl_waiter_events(struct fl_waiter *waiter)
{
    /* acquire: pairs with the release in notify [WAITER] */
    return load_acquire(&waiter->word) & ~UINT32_C(1);
}

/* The waiter. Blocks while there are only `events`, until the deadline.
 * 0, or -ETIMEDOUT. */
int fl_waiter_sleep(
    struct fl_waiter *waiter, uint32_t events, int64_t deadline);

/* The waiter. Hangs a node on the task. False: it is final already (no node
 * is left there). */
bool fl_waiter_watch(
    struct fl_waiter *waiter, struct fl_wait_node *node, filch_future *task);
/* The waiter. Afterwards nobody uses the node. */
void fl_waiter_unwatch(struct fl_wait_node *node, filch_future *task);

#endif
