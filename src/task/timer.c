/* SPDX-License-Identifier: MIT */
/*
 * A heap with four children per entry, which holds the times, so that looking
 * for the smallest of four reads one cache line. Timers know their places.
 * Source: Johnson, "Priority queues with update and finding minimum spanning
 * trees" (Information Processing Letters, 1975).
 */
#include "task/timer.h"

#include <errno.h>
#include <filch/base.h>
#include <stdlib.h>

#include "task/timekeeper.h"

enum { CHILDREN = 4, CAPACITY_LEAST = 16 };

struct fl_timer_entry {
    int64_t due;
    struct fl_timer *timer;
};

struct fl_timers fl_timers_common;

static void put(struct fl_timers *timers, size_t at, struct fl_timer_entry x)
{
    timers->heap[at] = x;
    x.timer->place = at + 1;
}

/* Puts `x` at the free place `at`, or above it. */
static void sift_up(
    struct fl_timers *timers, size_t at, struct fl_timer_entry x)
{
    while (at > 0 && timers->heap[(at - 1) / CHILDREN].due > x.due) {
        put(timers, at, timers->heap[(at - 1) / CHILDREN]);
        at = (at - 1) / CHILDREN;
    }
    put(timers, at, x);
}

/* The child of `at` that is due first; `count` or more: it has none. */
static size_t first_child(const struct fl_timers *timers, size_t at)
{
    size_t best = CHILDREN * at + 1;
    size_t end = best + CHILDREN;
    if (end > timers->count)
        end = timers->count;
    for (size_t i = best + 1; i < end; i++)
        if (timers->heap[i].due < timers->heap[best].due)
            best = i;
    return best;
}

/* Puts `x` at the free place `at`, or below it. */
static void sift_down(
    struct fl_timers *timers, size_t at, struct fl_timer_entry x)
{
    size_t child;
    while ((child = first_child(timers, at)) < timers->count &&
           timers->heap[child].due < x.due) {
        put(timers, at, timers->heap[child]);
        at = child;
    }
    put(timers, at, x);
}

/* Takes out what is at a place; the last one fills it. */
static struct fl_timer *take_out(struct fl_timers *timers, size_t at)
{
    struct fl_timer *timer = timers->heap[at].timer;
    struct fl_timer_entry last = timers->heap[--timers->count];
    timer->place = 0;
    if (at == timers->count)
        return timer;
    if (at > 0 && timers->heap[(at - 1) / CHILDREN].due > last.due)
        sift_up(timers, at, last);
    else
        sift_down(timers, at, last);
    return timer;
}

/* Room for one more. 0, or -ENOMEM. */
static int make_room(struct fl_timers *timers)
{
    if (timers->count < timers->capacity)
        return 0;
    size_t capacity =
        timers->capacity ? 2 * timers->capacity : (size_t)CAPACITY_LEAST;
    void *heap = realloc(timers->heap, capacity * sizeof *timers->heap);
    if (!heap)
        return -ENOMEM;
    timers->heap = heap;
    timers->capacity = capacity;
    return 0;
}

static int insert(struct fl_timers *timers, struct fl_timer *timer, int64_t due,
    bool *is_first)
{
    if (timers->is_closed)
        return FILCH_ESHUTDOWN;
    int rc = make_room(timers);
    if (rc)
        return rc;
    struct fl_timer_entry entry = {due, timer};
    sift_up(timers, timers->count++, entry);
    *is_first = timer->place == 1;
    return 0;
}

int fl_timers_add(struct fl_timers *timers, struct fl_timer *timer, int64_t due)
{
    bool is_first = false;
    fl_lock_take(&timers->lock);
    int rc = insert(timers, timer, due, &is_first);
    fl_lock_drop(&timers->lock);
    if (rc || !is_first)
        return rc;
    rc = fl_timekeeper_tell(timers, due);
    /* One that has left the heap meanwhile has been seen to. */
    return rc && fl_timers_remove(timers, timer) ? rc : 0;
}

bool fl_timers_remove(struct fl_timers *timers, struct fl_timer *timer)
{
    fl_lock_take(&timers->lock);
    bool is_there = timer->place;
    if (is_there)
        (void)take_out(timers, timer->place - 1);
    fl_lock_drop(&timers->lock);
    return is_there;
}

void fl_timers_close(struct fl_timers *timers)
{
    fl_lock_take(&timers->lock);
    timers->is_closed = true;
    fl_lock_drop(&timers->lock);
}

/* Under the lock. The first one that is due and held [TIMER-fire]; NULL: the
 * first is not due. */
static struct fl_timer *take_held(struct fl_timers *timers, int64_t now)
{
    while (timers->count && timers->heap[0].due <= now) {
        struct fl_timer *timer = take_out(timers, 0);
        if (timer->kind->hold(timer))
            return timer;
    }
    return NULL;
}

struct fl_timer *fl_timers_take_due(
    struct fl_timers *timers, int64_t now, int64_t *next)
{
    fl_lock_take(&timers->lock);
    struct fl_timer *timer = take_held(timers, now);
    *next = timers->count ? timers->heap[0].due : INT64_MAX;
    fl_lock_drop(&timers->lock);
    return timer;
}

struct fl_timer *fl_timers_take_any(struct fl_timers *timers)
{
    int64_t next;
    return fl_timers_take_due(timers, INT64_MAX, &next);
}

size_t fl_timers_count(struct fl_timers *timers)
{
    fl_lock_take(&timers->lock);
    size_t count = timers->count;
    fl_lock_drop(&timers->lock);
    return count;
}

void fl_timers_free(struct fl_timers *timers)
{
    free(timers->heap);
}
