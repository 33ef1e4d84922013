/* SPDX-License-Identifier: MIT */
#include "task/region.h"

#include <errno.h>

#include "platform/memory.h"

enum { DEQUE_CAPACITY = 64 };

/* A region without records, for whoever has none: every fork there is slow,
 * and every join. It stays: positions in it may be anywhere. */
static _Atomic(struct fl_region *) nowhere;

int fl_region_prepare(void)
{
    struct fl_region *none = NULL;
    if (load_acquire(&nowhere))
        return 0;
    struct fl_region *made = fl_memory_map(FILCH_FORK_REGION);
    if (!made)
        return -ENOMEM;
    atomic_init(&made->guard, UINTPTR_MAX);
    /* acq_rel: whoever finds it finds it complete */
    if (!cas_acq_rel(&nowhere, &none, made))
        fl_memory_unmap(made, FILCH_FORK_REGION);
    return 0;
}

filch_ctx *fl_region_nowhere(void)
{
    char *region = (char *)load_acquire(&nowhere); /* as above */
    return (filch_ctx *)(void *)(region + FL_REGION_FIRST);
}

bool fl_region_is_nowhere(const filch_ctx *cx)
{
    return (void *)filch_fork_region_of(cx) == (void *)load_acquire(&nowhere);
}

struct fl_region *fl_region_new(void)
{
    struct fl_region *region = fl_memory_map(FILCH_FORK_REGION);
    if (!region)
        return NULL;
    if (fl_deque_init(&region->deque, DEQUE_CAPACITY)) {
        fl_memory_unmap(region, FILCH_FORK_REGION);
        return NULL;
    }
    region->split = (char *)region + FL_REGION_FIRST;
    region->end = (char *)region + FILCH_FORK_REGION - FILCH_FORK_ALIGN;
    store_relaxed(&region->guard, UINTPTR_MAX); /* poked: the first fork looks
                                                   whether anybody is hungry */
    return region;
}

void fl_region_free(struct fl_region *region)
{
    if (!region)
        return;
    fl_deque_free(&region->deque);
    fl_memory_unmap(region, FILCH_FORK_REGION);
}
