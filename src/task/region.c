/* SPDX-License-Identifier: MIT */
#include "task/region.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/check.h"
#include "platform/memory.h"
#include "platform/process.h"
#include "task/in_place.h"

enum { SPARES = 4 };
/* So far a debug build looks. */
enum { WALK_MOST = 1000 };

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
    fl_in_place_forget(region);
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
    fl_in_place_forget(region);
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

/* Do the records from split on end at `top`, where the zeroes begin? */
static bool end_at(const struct fl_region *region, const char *top)
{
    const char *at = region->split;
    for (int i = 0; i < WALK_MOST && at < top; i++) {
        const struct fl_record *record = (const void *)at;
        if (!record->type || record->type->bytes % FILCH_FORK_ALIGN)
            return false;
        at += record->type->bytes;
    }
    return at < top || !((const struct fl_record *)(const void *)at)->type;
}

bool fl_region_is_sane(const struct fl_region *region, const char *top)
{
    uintptr_t limit = load_relaxed(&region->limit);
    uintptr_t guard = load_relaxed(&region->guard);
    return (limit == 0 || limit == (uintptr_t)region->end) &&
           (guard == UINTPTR_MAX || guard == (uintptr_t)region->split) &&
           region->split >= (const char *)region + FL_REGION_FIRST &&
           region->split <= top && top <= region->end && end_at(region, top);
}

void filch_fork_failed(const struct filch_fork_type *type)
{
    fl_check_failed(type->site, "there is memory for a fork", 0);
}

void filch_fork_unjoined(
    const struct filch_fork_type *task, const struct filch_fork_record *left)
{
    char line[400]; /* long names are cut */
    int length = snprintf(line, sizeof line,
        "filch: %s%.150s%s (%.150s) has not been joined\n", task ? "in " : "",
        task ? task->site : "", task ? ": the fork of" : "a fork of",
        left->type ? left->type->site : "?");
    fl_process_complain(line, (size_t)length);
    abort();
}
