/* SPDX-License-Identifier: MIT */
/* A heap: the slabs of one owner, for tasks of both sizes. */
#ifndef FL_SCHED_HEAP_H
#define FL_SCHED_HEAP_H

#include "concurrent/slab.h"
#include "task/task.h"

struct fl_heap {
    struct fl_slab small;
    struct fl_slab big;
};

/* The owner is told from others by the heap's address: fl_slab_own(). */
static inline void fl_heap_init(struct fl_heap *heap, struct fl_arena *arena)
{
    fl_slab_init(&heap->small, FL_TASK_BYTES, arena, heap);
    fl_slab_init(&heap->big, FL_BIG_TASK_BYTES, arena, heap);
}

/* Owner only. Memory for a task of the order; NULL: none. */
static inline filch_future *fl_heap_alloc(
    struct fl_heap *heap, const struct fl_order *order)
{
    return fl_slab_alloc(fl_order_is_big(order) ? &heap->big : &heap->small);
}

#endif
