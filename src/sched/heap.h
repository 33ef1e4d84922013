/* SPDX-License-Identifier: MIT */
/* A heap: the slabs of one owner, for tasks of all sizes. */
#ifndef FL_SCHED_HEAP_H
#define FL_SCHED_HEAP_H

#include "concurrent/slab.h"
#include "task/plan.h"

struct fl_heap {
    struct fl_slab small;
    struct fl_slab big;
    struct fl_slab wide;
};

/* The owner is told from others by the heap's address: fl_slab_own(). */
static inline void fl_heap_init(struct fl_heap *heap, struct fl_arena *arena)
{
    fl_slab_init(&heap->small, FL_TASK_BYTES, arena, heap);
    fl_slab_init(&heap->big, FL_BIG_TASK_BYTES, arena, heap);
    fl_slab_init(&heap->wide, FL_WIDE_TASK_BYTES, arena, heap);
}

/* Owner only. Memory for a task of the order; NULL: none. */
static inline filch_future *fl_heap_alloc(
    struct fl_heap *heap, const struct fl_order *order)
{
    struct fl_slab *slab = &heap->small;
    if (order->options)
        slab = fl_order_is_wide(order)  ? &heap->wide
               : fl_order_is_big(order) ? &heap->big
                                        : slab;
    return fl_slab_alloc(slab);
}

#endif
