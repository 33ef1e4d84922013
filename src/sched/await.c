/* SPDX-License-Identifier: MIT */
#include "sched/await.h"

#include <errno.h>

#include "concurrent/time.h"
#include "platform/check.h"
#include "platform/process.h"
#include "sched/fork.h"

/* A claimed task runs on the waiter's stack only if this much is left of it:
 * a part to be safe, less if no other thread could do it. */
enum { STACK_PART = 8, STACK_LAST_PART = 4, STACK_LEAST = 64 * 1024 };

void fl_worker_leave_place(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    fl_fork_offer(worker);
    store_relaxed(&worker->is_looking, false);
    fetch_add_relaxed(&pool->places, 1);
    fence_seq_cst(); /* as in park(): what is queued needs somebody [PARK] */
    if (fl_pool_has_work(pool))
        fl_pool_notify(pool);
}

void fl_worker_take_place_back(struct fl_worker *worker)
{
    /* relaxed: if it was the last one, some worker makes way */
    fetch_sub_relaxed(&worker->pool->places, 1);
}

/* Its place has been left, but it may have forked since. */
static void offer_more(struct fl_worker *worker)
{
    fl_fork_offer(worker);
    fence_seq_cst(); /* as in park(): what is queued needs somebody [PARK] */
    if (fl_pool_has_work(worker->pool))
        fl_pool_notify(worker->pool);
}

void filch_blocking_enter(void)
{
    struct fl_worker *worker = fl_worker_here();
    if (worker && worker->blocking_depth++ == 0)
        fl_worker_leave_place(worker);
    else if (worker)
        offer_more(worker);
}

void filch_blocking_leave(void)
{
    struct fl_worker *worker = fl_worker_here();
    if (!worker)
        return;
    FL_CHECK(worker->blocking_depth > 0, worker->blocking_depth);
    if (--worker->blocking_depth == 0)
        fl_worker_take_place_back(worker);
}

static size_t stack_left(const struct fl_strand *strand)
{
    /* Not the address of a local: a sanitizer may keep those elsewhere. */
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (!strand->stack_low)
        return SIZE_MAX;
    return (size_t)(here - (uintptr_t)strand->stack_low);
}

static bool has_stack(const struct fl_strand *strand)
{
    size_t part = strand->stack_bytes / STACK_PART;
    return stack_left(strand) > (part > STACK_LEAST ? part : STACK_LEAST);
}

/* When nobody else could do it. */
static bool has_last_stack(const struct fl_strand *strand)
{
    size_t part = strand->stack_bytes / STACK_LAST_PART;
    return stack_left(strand) > (part < STACK_LEAST ? part : STACK_LEAST);
}

static bool is_deserted(struct fl_pool *pool)
{
    return load_relaxed(&pool->slots_used) >= pool->most_threads;
}

/* In the pool of the task, so that its workers' set-up and the pool itself
 * are there. */
static bool may_run(struct fl_worker *worker, filch_future *task)
{
    if (fl_report_home(task)->pool != worker->pool || fl_task_is_timed(task))
        return false;
    return has_stack(&worker->strand) ||
           (is_deserted(worker->pool) && has_last_stack(&worker->strand));
}

/*
 * Claims a pending task. If it is at either end of the worker's own deque, as
 * it is if tasks are awaited in the order of their submits or in the opposite
 * one, it is taken out: *owned, the queue's reference is ours. Else the entry
 * stays, until a worker meets it and finds the task claimed.
 */
static bool claim(struct fl_worker *worker, filch_future *task, bool *owned)
{
    struct fl_deque *deque = &worker->deque;
    *owned = fl_deque_newest(deque) == task && fl_deque_take(deque) == task;
    if (!fl_task_claim_to_run(task)) {
        if (*owned)
            fl_task_release(task);
        return false;
    }
    if (!*owned)
        *owned = fl_deque_steal_this(deque, task);
    return true;
}

bool fl_await_run(filch_future *task)
{
    struct fl_worker *worker = fl_worker_here();
    bool owned;
    if (!worker || fl_task_phase(task) != FL_PENDING ||
        !may_run(worker, task) || !claim(worker, task, &owned))
        return false;
    unsigned depth = worker->blocking_depth;
    worker->blocking_depth = 0;
    if (depth) /* waiting in a blocking section, but working after all */
        fl_worker_take_place_back(worker);
    fl_worker_run_claimed(worker, task, owned);
    if (depth)
        fl_worker_leave_place(worker);
    worker->blocking_depth = depth;
    return true;
}

static int sleep_in_place(
    struct fl_waiter *waiter, uint32_t events, int64_t deadline)
{
    struct fl_worker *worker = fl_worker_here();
    if (worker && worker->blocking_depth == 0) {
        fl_worker_leave_place(worker);
        int rc = fl_waiter_sleep(waiter, events, deadline);
        fl_worker_take_place_back(worker);
        return rc;
    }
    if (worker)
        offer_more(worker);
    return fl_waiter_sleep(waiter, events, deadline);
}

int fl_await_events(struct fl_waiter *waiter, uint32_t events,
    filch_future *const *awaited, size_t count, int64_t deadline)
{
    struct fl_strand *strand = fl_strand_current;
    if (!strand || !count)
        return sleep_in_place(waiter, events, deadline);
    int rc = fl_strand_block(strand, awaited, count, waiter, events);
    if (rc)
        return rc;
    rc = sleep_in_place(waiter, events, deadline);
    int doomed = fl_strand_unblock(strand);
    return doomed ? doomed : rc;
}

static int await_in_task(filch_future *task, int64_t deadline)
{
    struct fl_waiter waiter;
    struct fl_wait_node node;
    struct fl_spin_wait wait;
    struct fl_spin patience = {.budget_ns = 2000};
    int rc = 0;
    fl_spin_begin(&wait, &patience);
    while (fl_spin_once(&wait))
        if (fl_task_is_final(task))
            return 0;
    fl_waiter_init(&waiter);
    if (!fl_waiter_watch(&waiter, &node, task))
        return 0;
    while (!fl_task_is_final(task) && !rc) {
        uint32_t events = fl_waiter_events(&waiter);
        if (!fl_task_is_final(task))
            rc = fl_await_events(&waiter, events, &task, 1, deadline);
    }
    fl_waiter_unwatch(&node, task);
    return rc != -EDEADLK && fl_task_is_final(task) ? 0 : rc;
}

bool fl_await_came_through_fork(filch_future *task)
{
    const struct fl_home *home = fl_report_home(task);
    return home && home->generation != fl_process_generation() &&
           !fl_task_is_final(task);
}

int fl_await(filch_future *task, int64_t deadline)
{
    if (fl_task_is_final(task))
        return 0;
    if (fl_await_came_through_fork(task))
        return FILCH_EFORKED;
    if (!fl_strand_current)
        return fl_task_wait(task, deadline);
    if (fl_time_is_past(deadline))
        return -ETIMEDOUT;
    if (fl_await_run(task))
        return 0;
    return await_in_task(task, deadline);
}
