/* SPDX-License-Identifier: MIT */
#include "task/strand.h"

#include <errno.h>

#include "concurrent/lock.h"
#include "platform/thread.h"
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
    if (strand->joined) /* relaxed: whoever changes it wakes the joiner */
        return load_relaxed(&strand->joined->state) == FL_RECORD_AWAITED;
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

/* Could run a task of the pool, if it were not blocked. */
static bool is_worker_of(const struct fl_strand *s, struct fl_pool *pool)
{
    return s->worker && s->pool == pool && is_stuck(s);
}

/* A task that has not started needs any one of its pool's workers: all that
 * there can be are blocked. */
static bool are_workers_blocked(struct fl_pool *pool)
{
    unsigned missing = 1;
    for (struct fl_strand *s = blocked, *first = NULL; s; s = s->next) {
        if (!is_worker_of(s, pool))
            continue;
        missing = first ? missing - 1 : s->pool_threads - 1;
        first = s;
    }
    return !missing;
}

/* Does it need a worker? Not a promise: whoever holds that may complete it. */
static bool is_queued(const filch_future *task)
{
    /* relaxed: whoever claims it is not blocked */
    return !(task->flags & FL_PROMISED) &&
           fl_phase(load_relaxed(&task->state)) == FL_PENDING;
}

/* Does a task need the blocked strand? One that has not started needs one of
 * the workers; else it needs every strand that runs it, or a fork of it. */
static bool task_needs(const filch_future *task, const struct fl_strand *s)
{
    if (is_queued(task))
        return is_worker_of(s, fl_report_home(task)->pool);
    return is_stuck(s) && runs(s, task);
}

/* Is it blocked, and has what the strand joins? */
static bool is_thief(const struct fl_strand *s, const struct fl_strand *strand)
{
    /* relaxed: written before the thief blocked, or seen by the joiner */
    return is_worker_of(s, strand->pool) &&
           s->index + 1 == load_relaxed(&strand->joined->thief);
}

/* Does what the strand waits for, the i-th of it, need the blocked one? */
static bool needs(
    const struct fl_strand *strand, size_t i, const struct fl_strand *s)
{
    return strand->joined ? is_thief(s, strand)
                          : task_needs(strand->awaited[i], s);
}

enum mark { REACHED = 1, STUCK = 2, TOLD = 4 };

/* Marks those of `within` that the strand needs. */
static bool mark_needed(
    const struct fl_strand *strand, unsigned within, enum mark mark)
{
    bool any_new = false;
    for (size_t i = 0; i < strand->count; i++)
        for (struct fl_strand *s = blocked; s; s = s->next)
            if ((s->marks & within) == within && !(s->marks & mark) &&
                needs(strand, i, s)) {
                s->marks |= mark;
                any_new = true;
            }
    return any_new;
}

/* And what those need, and so on. */
static void mark_reachable(
    struct fl_strand *strand, unsigned within, enum mark mark)
{
    bool any_new = true;
    strand->marks |= mark;
    while (any_new) {
        any_new = false;
        for (struct fl_strand *s = blocked; s; s = s->next)
            if (s->marks & mark)
                any_new |= mark_needed(s, within, mark);
    }
}

/* The i-th of what the strand waits for. */
static bool is_hopeless(const struct fl_strand *strand, size_t i)
{
    const filch_future *task = strand->joined ? NULL : strand->awaited[i];
    bool any_will_do = task && is_queued(task), any_stuck = false;
    if (any_will_do && !are_workers_blocked(fl_report_home(task)->pool))
        return false;
    for (struct fl_strand *s = blocked; s; s = s->next) {
        bool is_needed = needs(strand, i, s), is_stuck_too = s->marks & STUCK;
        if (any_will_do && is_needed && !is_stuck_too)
            return false;
        any_stuck |= is_needed && is_stuck_too;
    }
    return any_stuck;
}

static bool can_get_on(const struct fl_strand *strand)
{
    for (size_t i = 0; i < strand->count; i++)
        if (!is_hopeless(strand, i))
            return true;
    return false;
}

/* Of all that `strand` needs, directly or not, those that wait for ever are
 * STUCK: what is left when all that can get on have been taken away. */
static bool is_knot(struct fl_strand *strand)
{
    bool any_new = true;
    for (struct fl_strand *s = blocked; s; s = s->next)
        s->marks = 0;
    mark_reachable(strand, 0, REACHED);
    for (struct fl_strand *s = blocked; s; s = s->next)
        if (s->marks & REACHED)
            s->marks |= STUCK;
    while (any_new && strand->marks & STUCK) {
        any_new = false;
        for (struct fl_strand *s = blocked; s; s = s->next) {
            if (!(s->marks & STUCK) || !can_get_on(s))
                continue;
            s->marks &= ~(unsigned)STUCK;
            any_new = true;
        }
    }
    return strand->marks & STUCK;
}

/* All that are stuck in it, but not those that only wait for them. A join gets
 * on when the others do. */
static void doom_knot(struct fl_strand *strand)
{
    mark_reachable(strand, STUCK, TOLD);
    for (struct fl_strand *s = blocked; s; s = s->next) {
        if (s->marks & TOLD && !s->joined) {
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

/* Under the lock, with what it waits for. */
static int enter(struct fl_strand *strand)
{
    strand->is_doomed = false;
    strand->next = blocked;
    blocked = strand;
    if (!is_knot(strand))
        return 0;
    doom_knot(strand);
    return -EDEADLK;
}

int fl_strand_block(struct fl_strand *strand, filch_future *const *awaited,
    size_t count, struct fl_waiter *waiter, uint32_t events)
{
    fl_lock_take(&lock);
    strand->awaited = awaited;
    strand->count = count;
    strand->joined = NULL;
    strand->waiter = waiter;
    strand->events = events;
    int rc = enter(strand);
    if (rc)
        leave(strand);
    fl_lock_drop(&lock);
    return rc;
}

void fl_strand_block_in_join(
    struct fl_strand *strand, const struct fl_record *record)
{
    fl_lock_take(&lock);
    strand->count = 1;
    strand->joined = record;
    (void)enter(strand);
    fl_lock_drop(&lock);
}

int fl_strand_unblock(struct fl_strand *strand)
{
    fl_lock_take(&lock);
    leave(strand);
    bool doomed = strand->is_doomed;
    fl_lock_drop(&lock);
    return doomed ? -EDEADLK : 0;
}

static struct fl_run *running(void)
{
    return fl_strand_current ? fl_strand_current->innermost : NULL;
}

void fl_strand_put_message(char *message)
{
    struct fl_run *run = running();
    if (!run)
        fl_thread_put_note(message);
    else if (message)
        fl_run_put_message(run, message);
}

const char *fl_strand_message(void)
{
    const struct fl_run *run = running();
    return run ? run->message : fl_thread_note();
}
