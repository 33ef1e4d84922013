/* SPDX-License-Identifier: MIT */
/*
 * A ring of pointers that deque and inbox grow. Indices are 64-bit and never
 * wrap; index i lives in slot i modulo the capacity. A ring that has been
 * outgrown is kept until the end, because a thief may still read it.
 */
#ifndef FL_CONCURRENT_RING_H
#define FL_CONCURRENT_RING_H

#include <stddef.h>
#include <stdint.h>

#include "concurrent/atomic.h"

struct fl_ring {
    struct fl_ring *older;  /* immutable */
    int64_t capacity;       /* immutable; a power of two */
    _Atomic(void *) slot[]; /* owner writes, any thread reads */
};

/* Allocates an empty ring; NULL: out of memory. */
struct fl_ring *fl_ring_new(int64_t capacity, struct fl_ring *older);
/* A ring twice as large with the entries [top, bottom) of `ring`, which it
 * remembers as older. NULL: out of memory. */
struct fl_ring *fl_ring_grow(struct fl_ring *ring, int64_t top, int64_t bottom);
/* Frees the ring and all older ones. */
void fl_ring_free(struct fl_ring *ring);

/* Any thread. Relaxed: the index that is published with it orders the slot. */
static inline void *fl_ring_get(struct fl_ring *ring, int64_t index)
{
    return load_relaxed(&ring->slot[index & (ring->capacity - 1)]);
}
/* Owner only. Likewise. */
static inline void fl_ring_put(struct fl_ring *ring, int64_t index, void *x)
{
    store_relaxed(&ring->slot[index & (ring->capacity - 1)], x);
}

#endif
