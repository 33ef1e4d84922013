/* SPDX-License-Identifier: MIT */
/*
 * A region: one thread's stack of forks, in address space of its own. Records
 * lie one after the other; above the last one there are zeroes. Those below
 * `split` have been published: a pointer to each is, or was, in the worker's
 * deque of forks.
 * The protocol is in ../sched/README.md, [FORK-...].
 */
#ifndef FL_TASK_REGION_H
#define FL_TASK_REGION_H

#include <filch/fork.h>

#include <stdalign.h>
#include <stdbool.h>

#include "concurrent/atomic.h"

struct fl_region {
    /* As struct filch_fork_region. Poked: 0 and all ones. The owner and
     * thieves, atomic. */
    _Atomic uintptr_t limit;
    _Atomic uintptr_t guard;
    /* the owner only */
    alignas(FL_CACHE_LINE) char *split;
    char *end;                           /* immutable: of the records */
    struct fl_in_place *in_place;        /* see in_place.h: those not joined */
    struct fl_in_place *joined_in_place; /* the last that was joined */
    /* owner writes: what is in the deque from here on was forked by the stolen
     * fork that it is running */
    _Atomic int64_t floor;
};

/* A record, as struct filch_fork_record. */
struct fl_record {
    _Atomic uint32_t state; /* FL_RECORD_..., once published */
    _Atomic uint32_t thief; /* thief writes: its worker's index + 1 */
    void *link; /* publisher: the run it belongs to; thief, before it is done:
                   the message of a failure, owned */
    const struct filch_fork_type *type; /* owner only until published */
};
enum { FL_RECORD_OPEN, FL_RECORD_AWAITED, FL_RECORD_DONE };

/* Where the first record is. */
enum { FL_REGION_FIRST = 1024 };
_Static_assert(sizeof(struct fl_region) <= FL_REGION_FIRST, "room for it");
#define FL_SAME_PLACE(a, b, member)                                            \
    (offsetof(struct a, member) == offsetof(struct b, member))
_Static_assert(FL_SAME_PLACE(fl_region, filch_fork_region, limit) &&
                   FL_SAME_PLACE(fl_region, filch_fork_region, guard) &&
                   FL_SAME_PLACE(fl_record, filch_fork_record, type),
    "as the public header has them");

/* Behind the end: a line of zeroes for the walk, and room for the record of a
 * fork that does not fit, which begins there or before. Then the place whose
 * forks have run at once: see in_place.h. */
enum { FL_REGION_SLACK = 4 * FILCH_FORK_MOST };

/* Any thread. NULL: out of memory. */
struct fl_region *fl_region_new(void);
/* Any thread, when nobody uses it any more. */
void fl_region_free(struct fl_region *region);

/* Any thread. For a moment. NULL: out of memory. */
struct fl_region *fl_region_borrow(void);
/* Any thread, when all its forks are joined. */
void fl_region_return(struct fl_region *region);
/* At the end of the library: no region is kept for later any more. */
void fl_region_forget_spares(void);

/* Any thread. The position below all forks. */
static inline filch_ctx *fl_region_first(struct fl_region *region)
{
    return (filch_ctx *)(void *)((char *)region + FL_REGION_FIRST);
}

/* The owner. The position above the last fork. */
static inline filch_ctx *fl_region_top(const struct fl_region *region)
{
    char *at = region->split;
    const struct filch_fork_type *type;
    while ((type = ((struct fl_record *)(void *)at)->type))
        at += type->bytes;
    return (filch_ctx *)(void *)at;
}

/* The owner, in a debug build. Do its records end at `top`, and do its words
 * say what they can say? */
bool fl_region_is_sane(const struct fl_region *region, const char *top);

/* The owner, at the end of a run that began at a position. Aborts if a fork
 * is left, and says which. */
static inline void fl_region_check(const filch_ctx *position)
{
    const struct filch_fork_record *record = (const void *)position;
    if (record->type)
        filch_fork_unjoined(NULL, record);
}

/* Any thread. */
static inline bool fl_region_is_poked(const struct fl_region *region)
{
    /* relaxed: what the owner is poked for is ordered by fences [FORK-poke] */
    return !load_relaxed(&region->limit);
}

/* The owner: its next fork and next join are slow, whatever thieves do. */
static inline void fl_region_slow_down(struct fl_region *region)
{
    /* relaxed: as above */
    store_relaxed(&region->limit, 0);
    store_relaxed(&region->guard, UINTPTR_MAX);
}

/* Any thread. The owner's next fork and next join are slow, soon. */
static inline void fl_region_poke(struct fl_region *region)
{
    if (!fl_region_is_poked(region))
        fl_region_slow_down(region);
}

/* The owner. As long as nobody pokes, forks and private joins are fast; while
 * forks have run in place, every join is slow. */
static inline void fl_region_settle(struct fl_region *region)
{
    if (region->in_place) {
        /* not a poke: a thief may be between its two stores */
        fl_region_slow_down(region);
        return;
    }
    /* relaxed: as above */
    store_relaxed(&region->limit, (uintptr_t)region->end);
    store_relaxed(&region->guard, (uintptr_t)region->split);
}

#endif
