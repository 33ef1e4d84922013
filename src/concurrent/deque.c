/* SPDX-License-Identifier: MIT */
#include "concurrent/deque.h"

#include <errno.h>

int fl_deque_init(struct fl_deque *deque, int64_t capacity)
{
    struct fl_ring *ring = fl_ring_new(capacity, NULL);
    if (!ring)
        return -ENOMEM;
    atomic_init(&deque->bottom, 0);
    atomic_init(&deque->top, 0);
    atomic_init(&deque->ring, ring);
    deque->top_seen = 0;
    return 0;
}

void fl_deque_free(struct fl_deque *deque)
{
    fl_ring_free(load_relaxed(&deque->ring));
}

/* Full by what the owner knows of top: look again, then grow. */
int fl_deque_make_room_slow(struct fl_deque *deque, int64_t bottom)
{
    struct fl_ring *ring = load_relaxed(&deque->ring);
    /* acquire: the slots of stolen entries have been read [DEQUE-reuse] */
    deque->top_seen = load_acquire(&deque->top);
    if (bottom - deque->top_seen < ring->capacity)
        return 0;
    ring = fl_ring_grow(ring, deque->top_seen, bottom);
    if (!ring)
        return -ENOMEM;
    /* release: a thief that finds the ring finds the entries [DEQUE-grow] */
    store_release(&deque->ring, ring);
    return 0;
}

/* None left, or one: thieves may be after it, so it is taken as they do. */
void *fl_deque_take_last(struct fl_deque *deque, int64_t top, int64_t bottom)
{
    void *x = NULL;
    if (top == bottom && cas_seq_cst(&deque->top, &top, top + 1))
        x = fl_ring_get(load_relaxed(&deque->ring), bottom); /* [DEQUE-last] */
    /* release: as in push; it is top either way [DEQUE-last] */
    store_release(&deque->bottom, bottom + 1);
    return x;
}

void *fl_deque_oldest(struct fl_deque *deque, int64_t *top)
{
    /* acquire: pairs with the CAS of the thief before [DEQUE-steal] */
    *top = load_acquire(&deque->top);
    if (*top >= load_relaxed(&deque->bottom))
        return NULL; /* nothing to pay a fence for */
    fence_seq_cst(); /* [DEQUE-take] */
    /* acquire: pairs with the release in push and take [DEQUE-push] */
    int64_t bottom = load_acquire(&deque->bottom);
    if (*top >= bottom)
        return NULL;
    /* acquire: pairs with the release in make_room_slow [DEQUE-grow] */
    return fl_ring_get(load_acquire(&deque->ring), *top);
}

void *fl_deque_steal(struct fl_deque *deque, bool *lost)
{
    int64_t top;
    void *x = fl_deque_oldest(deque, &top);
    /* one wins [DEQUE-last]; the slot has been read [DEQUE-reuse] */
    if (!x || cas_seq_cst(&deque->top, &top, top + 1))
        return x;
    *lost = true;
    return NULL;
}

bool fl_deque_steal_this(struct fl_deque *deque, const void *x)
{
    int64_t top;
    return x && fl_deque_oldest(deque, &top) == x &&
           fl_deque_steal_at(deque, top);
}
