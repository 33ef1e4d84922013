/* SPDX-License-Identifier: MIT */
#include "task/in_place.h"

#include <stdlib.h>
#include <string.h>

/* Where such records seem to be. The next fork writes to what lies above. */
static char *place_of_those(const struct fl_region *region)
{
    return region->end + FILCH_FORK_MOST;
}

static filch_ctx *position_after(
    const struct fl_region *region, const struct fl_in_place *fork)
{
    return (filch_ctx *)(void *)(place_of_those(region) +
                                 fork->record->type->bytes);
}

static struct fl_in_place *new_in_place(const struct filch_fork_type *type)
{
    struct fl_in_place *fork =
        malloc(sizeof *fork + FILCH_FORK_ALIGN + type->bytes);
    if (!fork)
        return NULL;
    uintptr_t at = (uintptr_t)(fork + 1) + FILCH_FORK_ALIGN - 1;
    fork->record = (void *)(at & ~(uintptr_t)(FILCH_FORK_ALIGN - 1));
    return fork;
}

filch_ctx *fl_in_place_run(struct fl_region *region, const struct fl_run *run,
    struct filch_fork_record *made, const struct filch_fork_type *type)
{
    struct fl_in_place *fork = new_in_place(type);
    if (!fork)
        return NULL;
    memcpy(fork->record, made, type->bytes);
    filch_fork_wipe(made, type->bytes);
    fork->before = (filch_ctx *)(void *)made;
    type->run(fork->before, fork->record);
    fork->run = run;
    fork->below = region->in_place;
    region->in_place = fork;
    fl_region_settle(region);
    return position_after(region, fork);
}

bool fl_in_place_is_at(const struct fl_region *region, const char *at)
{
    return at == place_of_those(region) && region->in_place;
}

struct filch_joined fl_in_place_join(
    struct fl_region *region, filch_ctx *cx, const struct filch_fork_type *type)
{
    struct fl_in_place *fork = region->in_place;
    if (fork->record->type != type || cx != position_after(region, fork))
        filch_fork_unjoined(type, fork->record);
    region->in_place = fork->below;
    free(region->joined_in_place); /* its result has been read */
    region->joined_in_place = fork;
    fl_region_settle(region);
    return (struct filch_joined){fork->record, fork->before};
}

void fl_in_place_forget(struct fl_region *region)
{
    free(region->joined_in_place);
    region->joined_in_place = NULL;
}
