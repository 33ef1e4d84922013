/* SPDX-License-Identifier: MIT */
#include "task/strand.h"

#include <errno.h>

#include "concurrent/lock.h"

_Thread_local struct fl_strand *fl_strand_current;

/* The strands that are blocked, in the whole process: tasks of different
 * executors can wait for each other. */
static struct fl_lock lock;
static struct fl_strand *blocked;

/*
 * The blocked strand on which a task runs, or NULL: then it can get on. The
 * task's word about its runner may be stale, so it is only compared with the
 * strands that are known to exist; and a task that is still running after its
 * runner was found blocked is blocked with it.
 */
static struct fl_strand *blocked_runner(filch_future *task)
{
    struct fl_strand *runner = load_relaxed(&task->runner);
    for (struct fl_strand *s = blocked; s; s = s->next) {
        if (s == runner) {
            /* acquire: pairs with finish, for a runner word that is newer */
            uint32_t state = load_acquire(&task->state);
            bool is_stuck = fl_phase(state) == FL_RUNNING && !s->is_doomed;
            return is_stuck ? s : NULL;
        }
    }
    return NULL;
}

/* Marks the strands that `strand` waits for. False: one of its tasks can
 * get on. */
static bool mark_awaited(struct fl_strand *strand, bool *any_new)
{
    for (size_t i = 0; i < strand->count; i++) {
        struct fl_strand *runner = blocked_runner(strand->awaited[i]);
        if (!runner)
            return false;
        if (!runner->is_marked) {
            runner->is_marked = true;
            *any_new = true;
        }
    }
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
    size_t count, struct fl_waiter *waiter)
{
    fl_lock_take(&lock);
    strand->awaited = awaited;
    strand->count = count;
    strand->waiter = waiter;
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

bool fl_strand_is_doomed(struct fl_strand *strand)
{
    fl_lock_take(&lock);
    bool doomed = strand->is_doomed;
    fl_lock_drop(&lock);
    return doomed;
}
