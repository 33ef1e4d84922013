/* SPDX-License-Identifier: MIT */
/*
 * Timers: what is to be done at a time. Those of an executor, or those that
 * belong to none, are in a heap; one thread of the process, the timekeeper,
 * sleeps until the first of all is due. See README.md, [TIMER-...].
 */
#ifndef FL_TASK_TIMER_H
#define FL_TASK_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "concurrent/lock.h"

struct fl_timer;

/* What is done when it is due. */
struct fl_timer_kind {
    /* Under the heap's lock, when the timer leaves it because it is due: keeps
     * what fire() needs. False: that is just going, there is no fire(). */
    bool (*hold)(struct fl_timer *timer);
    /* The timekeeper, without a lock. Must not block for long. */
    void (*fire)(struct fl_timer *timer);
};

/* A part of what it belongs to; zero before its first use. */
struct fl_timer {
    const struct fl_timer_kind *kind; /* whoever adds it */
    size_t place;                     /* heap's lock: 0: not in there */
};

struct fl_timer_entry;

/* A heap of them. */
struct fl_timers {
    struct fl_lock lock;
    struct fl_timer_entry *heap; /* the lock */
    size_t count;                /* the lock */
    size_t capacity;             /* the lock */
    bool is_closed;              /* the lock: nothing can be added */
    bool is_kept;                /* timekeeper's lock: in its list */
    struct fl_timers *next;      /* timekeeper's lock */
};

/* Those of no executor: deadlines of tokens. */
extern struct fl_timers fl_timers_common __attribute__((visibility("hidden")));

/* Any thread. Allocates. The timer, which is in no heap, fires at `due`, once,
 * unless it is removed before. 0; -ENOMEM; -EAGAIN: no thread for it;
 * FILCH_ESHUTDOWN: closed. */
int fl_timers_add(
    struct fl_timers *timers, struct fl_timer *timer, int64_t due);
/* Any thread. True: it was there, and will not fire. */
bool fl_timers_remove(struct fl_timers *timers, struct fl_timer *timer);
/* Any thread. From now on nothing can be added. */
void fl_timers_close(struct fl_timers *timers);
/* Any thread. Takes one out, whatever its time, held; NULL: none. */
struct fl_timer *fl_timers_take_any(struct fl_timers *timers);
/* Any thread. Takes one out that is due at `now`, held. NULL: none; *next is
 * when the first will be, INT64_MAX for never. */
struct fl_timer *fl_timers_take_due(
    struct fl_timers *timers, int64_t now, int64_t *next);
/* Any thread. How many there are. */
size_t fl_timers_count(struct fl_timers *timers);
/* Whoever frees it, closed and empty. */
void fl_timers_free(struct fl_timers *timers);

#endif
