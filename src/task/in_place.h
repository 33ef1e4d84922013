/* SPDX-License-Identifier: MIT */
/*
 * Forks in place: there was no room for them in the region, so they have run at
 * once. The record is on the heap until the join; the position after it is one
 * that no record in the region has.
 */
#ifndef FL_TASK_IN_PLACE_H
#define FL_TASK_IN_PLACE_H

#include "task/ctx.h"
#include "task/region.h"

struct fl_in_place {
    struct fl_in_place *below;
    const struct fl_run *run;         /* whose fork it is */
    filch_ctx *before;                /* the position that it has not moved */
    struct filch_fork_record *record; /* aligned, in what follows */
};

/* The owner, in a run. Runs the fork that was written to `made`, behind the
 * last record. The position after it; NULL: no memory. */
filch_ctx *fl_in_place_run(struct fl_region *region, const struct fl_run *run,
    struct filch_fork_record *made, const struct filch_fork_type *type);
/* The owner. Is what begins at `at` such a fork? */
bool fl_in_place_is_at(const struct fl_region *region, const char *at);
/* The owner. The join of the last one, with its result until the next. */
struct filch_joined fl_in_place_join(struct fl_region *region, filch_ctx *cx,
    const struct filch_fork_type *type);
/* The owner, at the end of a run. Aborts if a fork of it is left, and says
 * which: those of outer runs lie below. */
static inline void fl_in_place_check(
    const struct fl_region *region, const struct fl_run *run)
{
    if (region->in_place && region->in_place->run == run)
        filch_fork_unjoined(NULL, region->in_place->record);
}
/* When all are joined: nor is the last result needed. */
void fl_in_place_forget(struct fl_region *region);

#endif
