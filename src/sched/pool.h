/* SPDX-License-Identifier: MIT */
/*
 * A pool of workers: what the threads of an executor share.
 *
 * Places and threads: `workers` places, each held by a thread that runs or
 * looks for tasks. A thread whose task blocks leaves its place to another
 * (a spare); coming back it may be one too many for a moment. Threads are
 * started when there is work, a free place, and nobody else to be woken.
 * The protocols are in README.md.
 */
#ifndef FL_SCHED_POOL_H
#define FL_SCHED_POOL_H

#include "concurrent/inbox.h"
#include "concurrent/parking.h"
#include "sched/heap.h"
#include "task/ctx.h"
#include "task/report.h"
#include "task/task.h"

struct fl_worker;

/* Bits of fl_pool.control, beside FL_CONTROL_STOP. Never cleared. */
enum {
    FL_CONTROL_CLOSING = 2, /* no more submits */
    FL_CONTROL_CANCEL = 4,  /* what is pending is cancelled */
    FL_CONTROL_BROKEN = 8,  /* what is pending fails; workers end */
    FL_CONTROL_CLOSED = 16, /* and none is under way: workers end when idle */
};

/* fl_pool.live counts in units of: the pool's threads, and its guests:
 * outside threads that run one of its tasks, and, as one more, its handle. */
enum { FL_LIVE_THREAD = 1, FL_LIVE_GUEST = 1 << 12 };

/* One inbox with its own slabs: where a group of outside threads comes in. */
struct fl_door {
    struct fl_inbox inbox;
    _Atomic int64_t room_until; /* no look at the bound before: lock holder,
                                   or others, who make it 0 */
    struct fl_heap *heap;       /* lock holder only */
};

/* The settings of a pool; all defaults filled in. */
struct fl_pool_setup {
    struct filch_config config; /* `name` is not used */
    char name[32];
    filch_executor *executor; /* passed to tasks */
};

struct fl_pool {
    /* immutable after open */
    struct fl_pool_setup setup;
    struct fl_home *home;
    struct fl_heap *heaps; /* doors, then workers; live as long as the home */
    struct fl_door *doors;
    _Atomic(struct fl_worker *) *slots; /* start lock writes, any reads */
    unsigned door_count;                /* a power of two */
    unsigned most_threads;

    /* any thread, atomic; read by all, written when somebody starts, parks
     * or blocks */
    alignas(FL_CACHE_LINE) _Atomic int32_t searching;
    _Atomic int32_t places; /* free ones; negative: too many at work */
    _Atomic uint32_t control;
    _Atomic uint32_t slots_used;
    _Atomic uint32_t doors_used;
    _Atomic uint32_t blocked_submitters;
    struct fl_parking idle;    /* have a place, and nothing to do */
    struct fl_parking dormant; /* have no place */

    /* any thread, atomic; seldom used */
    alignas(FL_CACHE_LINE) _Atomic uint32_t live; /* see FL_LIVE_... */
    _Atomic uint32_t room;                        /* counts "there is room" */
    _Atomic uint32_t errand_sent;                 /* see errand.c */
    struct fl_lock start_lock;
    struct fl_lock room_lock;
    struct fl_lock break_lock;
    char *broken_reason;                   /* break lock */
    void (*free_memory)(struct fl_pool *); /* immutable after open */
    struct fl_pool *next;                  /* registry lock */
};

/* Opens a pool in zeroed memory, which free_memory() will be called for in
 * the end, by whichever thread comes last. 0, or -ENOMEM. */
int fl_pool_open(struct fl_pool *pool, const struct fl_pool_setup *setup,
    void (*free_memory)(struct fl_pool *));
/* See filch_executor_shutdown(). */
int fl_pool_shutdown(struct fl_pool *pool, unsigned flags, int64_t deadline);
/* See filch_executor_release(). The handle is gone. */
void fl_pool_release(struct fl_pool *pool);
/* Any thread. The part of shutdown that does not wait. */
void fl_pool_begin_shutdown(struct fl_pool *pool, unsigned flags);
/* Any thread. Is it in one of the pool's tasks, or its worker? */
bool fl_pool_is_in_task_of(struct fl_pool *pool);

/* Any thread. Submits a task; *future, unless NULL, is set before it can
 * start. 0, or why not (nothing has happened to its argument; *future is
 * anything). */
int fl_pool_submit(
    struct fl_pool *pool, const struct fl_order *order, filch_future **future);
/* Any thread. The same for each of `count` arguments, `stride` apart, in one
 * pass. How many were accepted, the first ones; *error says why not the
 * next, or is 0. */
size_t fl_pool_submit_many(struct fl_pool *pool, const struct fl_order *order,
    size_t stride, size_t count, filch_future **futures, int *error);

/* Any thread. Takes a free place. */
bool fl_pool_take_place(struct fl_pool *pool);
/* Any thread. Is there anything to take? (After a fence: [PARK].) */
bool fl_pool_has_work(struct fl_pool *pool);
/* Any thread. The number of tasks that wait. */
size_t fl_pool_pending(struct fl_pool *pool);

/* A worker. Cannot start: breaks the pool. Takes `reason`. */
void fl_pool_break(struct fl_pool *pool, int code, char *reason);
/* Any thread. Why it is broken: an allocated string; NULL: no memory for it,
 * or not broken. */
char *fl_pool_reason(struct fl_pool *pool);
/* Any thread. Ends a task that was taken out of a queue without running it:
 * fails it with the code, or, if that is 0, as the control word says. */
void fl_pool_discard(struct fl_pool *pool, filch_future *task, int code);
/* Any thread. Discards all that is queued. */
void fl_pool_drain(struct fl_pool *pool, int code);
/* Any thread. Runs a pending task here, for filch_future_help(). True: it
 * ran; false: somebody else had it. */
bool fl_pool_help(filch_future *task);
/* A guest or a thread goes; the pool may be gone afterwards. */
void fl_pool_drop_live(struct fl_pool *pool, uint32_t unit);

/* At the end of the process: asks all pools to finish, waits for them. */
void fl_pool_finish_all(int64_t deadline);
/* Any thread. The threads it has now. */
static inline uint32_t fl_pool_threads(const struct fl_pool *pool)
{
    return load_relaxed(&pool->live) % FL_LIVE_GUEST;
}

/* Any thread. Why new tasks are refused, or 0. */
static inline int fl_pool_refusal(struct fl_pool *pool)
{
    uint32_t control = load_relaxed(&pool->control);
    if (control & FL_CONTROL_BROKEN)
        return FILCH_EBROKEN;
    return control & FL_CONTROL_CLOSING ? FILCH_ESHUTDOWN : 0;
}

/* Any thread. So many words of `idle` and `dormant` are in use. */
static inline uint32_t fl_pool_words(struct fl_pool *pool)
{
    /* relaxed: a slot that is not seen yet is not parked yet */
    return (load_relaxed(&pool->slots_used) + 63) / 64;
}

/* Any thread. Does a worker with a place sleep? */
static inline bool fl_pool_has_idle(struct fl_pool *pool)
{
    return !fl_parking_is_empty(&pool->idle, fl_pool_words(pool));
}

/* The rest of notify: somebody may have to be woken, or started. */
void fl_pool_notify_slow(struct fl_pool *pool);
/* Any thread, after publishing a task and a full fence: makes sure that
 * somebody looks. */
static inline void fl_pool_notify(struct fl_pool *pool)
{
    if (load_relaxed(&pool->searching) == 0 &&
        (load_relaxed(&pool->places) > 0 || fl_pool_has_idle(pool)))
        fl_pool_notify_slow(pool);
}

#endif
