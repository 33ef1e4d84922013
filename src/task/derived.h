/* SPDX-License-Identifier: MIT */
/*
 * A derived future: a promise that is kept by the library, when others are
 * final. Its kind says what it waits for, and lets go of that at its end. It
 * is pending all the time until it is final, so it can be cancelled until
 * then. See README.md, [DERIVED].
 */
#ifndef FL_TASK_DERIVED_H
#define FL_TASK_DERIVED_H

#include "concurrent/lock.h"
#include "task/due.h"
#include "task/hook.h"
#include "task/promise.h"
#include "task/waiter.h"

struct fl_derived;

/* How derived futures of a kind wait. */
struct fl_derived_kind {
    /* Any thread with a reference. What it waits for now, all hope rests on
     * it: a reference; NULL: nothing, or any one of several. */
    filch_future *(*source)(struct fl_derived *derived);
    /* The same. The i-th of all that it waits for: a reference; NULL: no
     * more. */
    filch_future *(*input)(struct fl_derived *derived, size_t i);
    /* Once, when it is final: it waits for nothing any more. */
    void (*end)(struct fl_derived *derived);
    /* Once, when nobody has a reference. */
    void (*destroy)(struct fl_derived *derived);
};

/* A thread that waits for the derived future, and is woken when that comes to
 * wait for something else. */
struct fl_observer {
    struct fl_waiter *waiter;
    struct fl_observer *next; /* the derived's lock */
};

struct fl_derived {
    filch_future future;
    struct fl_extra extra;
    struct fl_lock lock;           /* takes hook locks */
    struct fl_observer *observers; /* lock */
    struct fl_hook on_end;         /* on the future itself; holds a reference */
    struct fl_due due;             /* that it has ended, or is to be freed */
    struct fl_derived *found;      /* graph lock: the next one found */
    uint64_t mark;                 /* graph lock: of the last search */
};

/* Any thread. A new one; order->bytes and ->references without ours. NULL: out
 * of memory. */
struct fl_derived *fl_derived_new(
    const struct fl_derived_kind *kind, struct fl_promise_order *order);

/* NULL: the task is none. */
static inline struct fl_derived *fl_derived_of(filch_future *task)
{
    bool is_one = task->flags & FL_PROMISED && fl_task_extra(task)->stray.kind;
    return is_one ? (struct fl_derived *)(void *)task : NULL;
}
static inline const struct fl_derived_kind *fl_derived_kind(
    const struct fl_derived *derived)
{
    return derived->extra.stray.kind;
}

/* Any thread with a reference, for as long as it waits. */
void fl_derived_observe(
    struct fl_derived *derived, struct fl_observer *observer);
void fl_derived_unobserve(
    struct fl_derived *derived, struct fl_observer *observer);
/* Under its lock: it waits for something else. */
void fl_derived_tell(struct fl_derived *derived);

/*
 * Something that is due. Brackets the step in which a derived future that is
 * known to others comes to wait for one more: only this can close a circle,
 * and of those who would close one together the last sees it [CIRCLE].
 */
void fl_derived_lock_graph(void);
void fl_derived_unlock_graph(void);
/* In between, once. Does `from` wait for `to`, directly or not, or is it that?
 * It takes references, which the unlock gives up. */
bool fl_derived_reaches(filch_future *from, struct fl_derived *to);
/* The only thread of a child of fork(). */
void fl_derived_forget_lock(void);

#endif
