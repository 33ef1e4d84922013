/* SPDX-License-Identifier: MIT */
#include "task/strand.h"

#include <errno.h>

#include "concurrent/lock.h"
#include "task/report.h"

_Thread_local struct fl_strand *fl_strand_current;

/* The strands that are blocked, in the whole process: tasks of different
 * executors can wait for each other. */
static struct fl_lock lock;
static struct fl_strand *blocked;

void fl_strand_forget_all(void)
{
    lock = (struct fl_lock){FL_LOCK_FREE};
    blocked = NULL;
    fl_strand_current = NULL;
}

/* One that has been told something gets on. */
static bool is_stuck(const struct fl_strand *strand)
{
    return !strand->is_doomed &&
           fl_waiter_events(strand->waiter) == strand->events;
}

static bool runs(const struct fl_strand *strand, const filch_future *task)
{
    for (const struct fl_run *run = strand->innermost; run; run = run->outer)
        if (run->task == task)
            return true;
    return false;
}

/* The blocked strand on which a task runs, or NULL: it is not blocked. */
static struct fl_strand *blocked_runner(const filch_future *task)
{
    for (struct fl_strand *s = blocked; s; s = s->next)
        if (is_stuck(s) && runs(s, task))
            return s;
    return NULL;
}

static void mark(struct fl_strand *strand, bool *any_new)
{
    *any_new |= !strand->is_marked;
    strand->is_marked = true;
}

/* Could run a task of the pool, if it were not blocked. */
static bool is_worker_of(const struct fl_strand *s, struct fl_pool *pool)
{
    return s->worker && s->pool == pool && is_stuck(s);
}

/* A task that has not started needs any one of its pool's workers. Marks
 * them; false: not all are blocked, or there can be more. */
static bool mark_workers(filch_future *task, bool *any_new)
{
    unsigned missing = 1;
    struct fl_pool *pool = fl_report_home(task)->pool;
    for (struct fl_strand *s = blocked, *first = NULL; s; s = s->next) {
        if (!is_worker_of(s, pool))
            continue;
        missing = first ? missing - 1 : s->pool_threads - 1;
        first = s;
    }
    if (missing)
        return false;
    for (struct fl_strand *s = blocked; s; s = s->next)
        if (is_worker_of(s, pool))
            mark(s, any_new);
    return true;
}

/* Marks the strands that a task needs. False: it can get on. */
static bool mark_needed(filch_future *task, bool *any_new)
{
    /* relaxed: whoever claims it is not blocked */
    if (fl_phase(load_relaxed(&task->state)) == FL_PENDING)
        return mark_workers(task, any_new);
    struct fl_strand *runner = blocked_runner(task);
    if (runner)
        mark(runner, any_new);
    return runner;
}

/* Marks the strands that `strand` waits for. False: one of its tasks can
 * get on. */
static bool mark_awaited(struct fl_strand *strand, bool *any_new)
{
    for (size_t i = 0; i < strand->count; i++)
        if (!mark_needed(strand->awaited[i], any_new))
            return false;
    return true;
}

/* Is everything that can be reached from `strand` blocked? Then the marked
 * strands are those, and will wait for ever. */
static bool is_knot(struct fl_strand *strand)
{
    bool any_new = true;
    for (struct fl_strand *s = blocked; s; s = s->next)
        s->is_marked = s == strand;
    while (any_new) {
        any_new = false;
        for (struct fl_strand *s = blocked; s; s = s->next)
            if (s->is_marked && !mark_awaited(s, &any_new))
                return false;
    }
    return true;
}

static void doom_marked(void)
{
    for (struct fl_strand *s = blocked; s; s = s->next) {
        if (s->is_marked) {
            s->is_doomed = true;
            fl_waiter_notify(s->waiter);
        }
    }
}

static void leave(struct fl_strand *strand)
{
    struct fl_strand **at = &blocked;
    while (*at != strand)
        at = &(*at)->next;
    *at = strand->next;
}

int fl_strand_block(struct fl_strand *strand, filch_future *const *awaited,
    size_t count, struct fl_waiter *waiter, uint32_t events)
{
    fl_lock_take(&lock);
    strand->awaited = awaited;
    strand->count = count;
    strand->waiter = waiter;
    strand->events = events;
    strand->is_doomed = false;
    strand->next = blocked;
    blocked = strand;
    bool doomed = is_knot(strand);
    if (doomed) {
        doom_marked();
        leave(strand);
    }
    fl_lock_drop(&lock);
    return doomed ? -EDEADLK : 0;
}

int fl_strand_unblock(struct fl_strand *strand)
{
    fl_lock_take(&lock);
    leave(strand);
    bool doomed = strand->is_doomed;
    fl_lock_drop(&lock);
    return doomed ? -EDEADLK : 0;
}
