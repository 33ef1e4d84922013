/* SPDX-License-Identifier: MIT */
#include "concurrent/inbox.h"

#include <errno.h>

int fl_inbox_init(struct fl_inbox *inbox, int64_t capacity)
{
    struct fl_ring *ring = fl_ring_new(capacity, NULL);
    if (!ring)
        return -ENOMEM;
    atomic_init(&inbox->lock.word, FL_LOCK_FREE);
    atomic_init(&inbox->bottom, 0);
    atomic_init(&inbox->ring, ring);
    inbox->top_seen = 0;
    atomic_init(&inbox->top, 0);
    atomic_init(&inbox->bottom_seen, 0);
    return 0;
}

void fl_inbox_free(struct fl_inbox *inbox)
{
    fl_ring_free(load_relaxed(&inbox->ring));
}

int fl_inbox_make_room_slow(struct fl_inbox *inbox, int64_t bottom)
{
    struct fl_ring *ring = load_relaxed(&inbox->ring);
    /* acquire: the slots of taken entries have been read [INBOX-reuse] */
    inbox->top_seen = load_acquire(&inbox->top);
    if (bottom - inbox->top_seen < ring->capacity)
        return 0;
    ring = fl_ring_grow(ring, inbox->top_seen, bottom);
    if (!ring)
        return -ENOMEM;
    /* release: who finds the ring finds the entries [INBOX-grow] */
    store_release(&inbox->ring, ring);
    return 0;
}

/* The end of what may be taken; reads the submitters' line only when what
 * the workers know of it has been used up. */
static int64_t look(struct fl_inbox *inbox, int64_t top)
{
    /* acquire: pairs with the release below, and so with the push of the
     * entries that whoever wrote it had seen [INBOX-push] */
    int64_t bottom = load_acquire(&inbox->bottom_seen);
    if (top < bottom)
        return bottom;
    /* acquire: pairs with the release in push [INBOX-push] */
    bottom = load_acquire(&inbox->bottom);
    if (top < bottom) /* release: pairs with the acquire above */
        store_release(&inbox->bottom_seen, bottom);
    return bottom;
}

static int64_t share(int64_t size, size_t most)
{
    int64_t half = (size + 1) / 2;
    return half < (int64_t)most ? half : (int64_t)most;
}

size_t fl_inbox_take(
    struct fl_inbox *inbox, void **xs, size_t most, bool *emptied)
{
    int64_t top = load_relaxed(&inbox->top);
    for (;;) {
        int64_t bottom = look(inbox, top);
        if (top >= bottom)
            return 0;
        int64_t count = share(bottom - top, most);
        /* acquire: pairs with the release in make_room_slow [INBOX-grow] */
        struct fl_ring *ring = load_acquire(&inbox->ring);
        for (int64_t i = 0; i < count; i++)
            xs[i] = fl_ring_get(ring, top + i);
        /* release: the slots have been read [INBOX-reuse]; a stale top, ring
         * or slot makes it fail [INBOX-take]; seq_cst: see there */
        if (!cas_weak_seq_cst(&inbox->top, &top, top + count))
            continue;
        *emptied = top + count >= bottom;
        if (!*emptied) /* it is on its way from another CPU */
            __builtin_prefetch(fl_ring_get(ring, top + count), 1);
        return (size_t)count;
    }
}
