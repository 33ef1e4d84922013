/* SPDX-License-Identifier: MIT */
/*
 * An inbox: a queue that outside threads fill, one at a time under its lock,
 * and workers empty, without the lock. First in, first out. Several inboxes
 * serve an executor, so that submitters do not meet.
 *
 * Submitter: lock, push (several), unlock. Worker: take.
 * It is the deque without the owner's take; hence no full fence, and `bottom`
 * may be remembered by the workers, since it never goes back.
 * The argument is in README.md, [INBOX-...].
 */
#ifndef FL_CONCURRENT_INBOX_H
#define FL_CONCURRENT_INBOX_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "concurrent/lock.h"
#include "concurrent/ring.h"

struct fl_inbox {
    alignas(FL_CACHE_LINE) struct fl_lock lock; /* submitters */
    _Atomic int64_t bottom;                     /* lock holder writes */
    int64_t top_seen;                           /* lock holder only: <= top */
    /* Apart, as it is read for each task and hardly ever written. */
    alignas(FL_CACHE_LINE) _Atomic(struct fl_ring *) ring; /* lock holder */
    alignas(FL_CACHE_LINE) _Atomic int64_t top; /* any thread, atomic */
    _Atomic int64_t bottom_seen;                /* workers; <= bottom */
};

/* 0, or -ENOMEM. The capacity is a power of two. */
int fl_inbox_init(struct fl_inbox *inbox, int64_t capacity);
/* When nobody uses it any more. */
void fl_inbox_free(struct fl_inbox *inbox);

/* The rest of push: when it looks full. */
int fl_inbox_make_room_slow(struct fl_inbox *inbox, int64_t bottom);
/* Lock holder. 0, or -ENOMEM: not pushed. */
static inline int fl_inbox_push(struct fl_inbox *inbox, void *x)
{
    int64_t bottom = load_relaxed(&inbox->bottom);
    struct fl_ring *ring = load_relaxed(&inbox->ring);
    if (bottom - inbox->top_seen >= ring->capacity) {
        int rc = fl_inbox_make_room_slow(inbox, bottom);
        if (rc)
            return rc;
        ring = load_relaxed(&inbox->ring);
    }
    fl_ring_put(ring, bottom, x);
    /* release: pairs with the acquire of bottom in look [INBOX-push] */
    store_release(&inbox->bottom, bottom + 1);
    return 0;
}

/*
 * Any thread. Lock-free. Takes the oldest entries, at most `most` and at most
 * half of them (but at least one), into `xs`: how many; 0: empty.
 * *emptied is set if none was known behind them: never missed, but there may
 * be newer ones.
 */
size_t fl_inbox_take(
    struct fl_inbox *inbox, void **xs, size_t most, bool *emptied);

/* Any thread. Wait-free. Entries, an estimate. */
static inline int64_t fl_inbox_size(struct fl_inbox *inbox)
{
    int64_t top = load_relaxed(&inbox->top);
    int64_t size = load_relaxed(&inbox->bottom) - top;
    return size > 0 ? size : 0;
}

#endif
