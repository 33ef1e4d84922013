/* SPDX-License-Identifier: MIT */
#include "task/region.h"

#include "platform/memory.h"

enum { SPARES = 4 };

/* For outside threads that run a task now and then. */
static _Atomic(struct fl_region *) spares[SPARES];

struct fl_region *fl_region_new(void)
{
    struct fl_region *region = fl_memory_map(FILCH_FORK_REGION);
    if (!region)
        return NULL;
    region->split = (char *)fl_region_first(region);
    region->end = (char *)region + FILCH_FORK_REGION - FL_REGION_SLACK;
    fl_region_settle(region);
    return region;
}

void fl_region_free(struct fl_region *region)
{
    fl_memory_unmap(region, FILCH_FORK_REGION);
}

struct fl_region *fl_region_borrow(void)
{
    for (int i = 0; i < SPARES; i++) {
        /* acquire: pairs with fl_region_return() */
        struct fl_region *region = exchange_acquire(&spares[i], NULL);
        if (region)
            return region;
    }
    return fl_region_new();
}

void fl_region_return(struct fl_region *region)
{
    for (int i = 0; i < SPARES; i++) {
        struct fl_region *none = NULL;
        /* acq_rel: whoever borrows it sees what was written to it; pairs with
         * fl_region_borrow() */
        if (cas_acq_rel(&spares[i], &none, region))
            return;
    }
    fl_region_free(region);
}

void fl_region_forget_spares(void)
{
    for (int i = 0; i < SPARES; i++) {
        /* acquire: pairs with fl_region_return() */
        struct fl_region *region = exchange_acquire(&spares[i], NULL);
        if (region)
            fl_region_free(region);
    }
}
