/* SPDX-License-Identifier: MIT */
#include "concurrent/ring.h"

#include <stdlib.h>

struct fl_ring *fl_ring_new(int64_t capacity, struct fl_ring *older)
{
    size_t bytes = sizeof(struct fl_ring) + (size_t)capacity * sizeof(void *);
    struct fl_ring *ring = calloc(1, bytes);
    if (!ring)
        return NULL;
    ring->older = older;
    ring->capacity = capacity;
    return ring;
}

struct fl_ring *fl_ring_grow(struct fl_ring *ring, int64_t top, int64_t bottom)
{
    struct fl_ring *bigger = fl_ring_new(2 * ring->capacity, ring);
    if (!bigger)
        return NULL;
    for (int64_t i = top; i < bottom; i++)
        fl_ring_put(bigger, i, fl_ring_get(ring, i));
    return bigger;
}

void fl_ring_free(struct fl_ring *ring)
{
    while (ring) {
        struct fl_ring *older = ring->older;
        free(ring);
        ring = older;
    }
}
