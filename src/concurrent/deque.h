/* SPDX-License-Identifier: MIT */
/*
 * A work-stealing deque: its owner pushes and takes at the bottom, thieves
 * steal at the top. Grows; entries are pointers, never NULL.
 *
 * Owner: push, take. Thieves (any thread, the owner too): steal.
 * Promise: each entry comes out exactly once; thieves take the oldest first.
 * Source: Chase and Lev, "Dynamic Circular Work-Stealing Deque" (SPAA 2005);
 * orders after Le, Pop, Cohen, Zappa Nardelli, "Correct and Efficient
 * Work-Stealing for Weak Memory Models" (PPoPP 2013), figure 1, with a release
 * on every store to bottom. The argument is in README.md, [DEQUE-...].
 */
#ifndef FL_CONCURRENT_DEQUE_H
#define FL_CONCURRENT_DEQUE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "concurrent/ring.h"
#include "platform/check.h"

struct fl_deque {
    alignas(FL_CACHE_LINE) _Atomic int64_t bottom; /* owner writes */
    _Atomic(struct fl_ring *) ring;                /* owner writes */
    int64_t top_seen;                              /* owner only: <= top */
    alignas(FL_CACHE_LINE) _Atomic int64_t top;    /* any thread, atomic */
};

/* 0, or -ENOMEM. The capacity is a power of two. */
int fl_deque_init(struct fl_deque *deque, int64_t capacity);
/* Owner, when no thief is left. */
void fl_deque_free(struct fl_deque *deque);

/* Owner only, between two operations: top_seen <= top <= bottom, and what lies
 * between has room. */
static inline bool fl_deque_is_sane(struct fl_deque *deque)
{
    int64_t bottom = load_relaxed(&deque->bottom);
    int64_t top = load_relaxed(&deque->top);
    return deque->top_seen <= top && top <= bottom &&
           bottom - deque->top_seen <= load_relaxed(&deque->ring)->capacity;
}

/* The rest of push: when it looks full. */
int fl_deque_make_room_slow(struct fl_deque *deque, int64_t bottom);
/* Owner only. Wait-free but for growing. 0, or -ENOMEM: not pushed. */
static inline int fl_deque_push(struct fl_deque *deque, void *x)
{
    FL_DEBUG_CHECK(x && fl_deque_is_sane(deque), 0);
    int64_t bottom = load_relaxed(&deque->bottom);
    struct fl_ring *ring = load_relaxed(&deque->ring);
    if (bottom - deque->top_seen >= ring->capacity) {
        int rc = fl_deque_make_room_slow(deque, bottom);
        if (rc)
            return rc;
        ring = load_relaxed(&deque->ring);
    }
    fl_ring_put(ring, bottom, x);
    /* release: pairs with the acquire of bottom in steal [DEQUE-push] */
    store_release(&deque->bottom, bottom + 1);
    return 0;
}

/* The rest of take: of the last entry, or none. */
void *fl_deque_take_last(struct fl_deque *deque, int64_t top, int64_t bottom);
/* Owner only. Wait-free. The newest entry; NULL: empty. */
static inline void *fl_deque_take(struct fl_deque *deque)
{
    FL_DEBUG_CHECK(fl_deque_is_sane(deque), 0);
    int64_t bottom = load_relaxed(&deque->bottom) - 1;
    if (bottom < deque->top_seen)
        return NULL; /* empty for sure: top never goes back */
    /* release: for a thief that reads this bottom [DEQUE-push] */
    store_release(&deque->bottom, bottom);
    /* The thieves must see this bottom, or we their top [DEQUE-take] */
    fence_seq_cst();
    /* acquire: the slots below it have been read [DEQUE-reuse] */
    int64_t top = load_acquire(&deque->top);
    deque->top_seen = top;
    if (top < bottom)
        return fl_ring_get(load_relaxed(&deque->ring), bottom);
    return fl_deque_take_last(deque, top, bottom);
}

/*
 * Any thread. Lock-free. The oldest entry; NULL: empty, or another took it
 * (then *lost is set: there may be more).
 */
void *fl_deque_steal(struct fl_deque *deque, bool *lost);

/* Owner only. Wait-free. The entry that take would return if no thief comes
 * first; a stale or NULL pointer if there is none: only to compare. */
static inline void *fl_deque_newest(struct fl_deque *deque)
{
    int64_t bottom = load_relaxed(&deque->bottom);
    return fl_ring_get(load_relaxed(&deque->ring), bottom - 1);
}

/* Any thread. Lock-free. The oldest entry, at index *top, not stolen yet; NULL:
 * empty. */
void *fl_deque_oldest(struct fl_deque *deque, int64_t *top);
/* Any thread. Wait-free. Steals what was found there, if it still is. */
static inline bool fl_deque_steal_at(struct fl_deque *deque, int64_t top)
{
    /* as in fl_deque_steal() [DEQUE-last] */
    return cas_seq_cst(&deque->top, &top, top + 1);
}

/* Any thread. Lock-free. Steals the oldest entry if it is `x`. */
bool fl_deque_steal_this(struct fl_deque *deque, const void *x);

/* Owner only. Wait-free. The index of the next push. */
static inline int64_t fl_deque_bottom(struct fl_deque *deque)
{
    return load_relaxed(&deque->bottom);
}

/* Any thread. Wait-free. Entries, an estimate for all but the owner. */
static inline int64_t fl_deque_size(struct fl_deque *deque)
{
    int64_t top = load_relaxed(&deque->top);
    int64_t size = load_relaxed(&deque->bottom) - top;
    return size > 0 ? size : 0;
}

#endif
