/* SPDX-License-Identifier: MIT */
/* The bound on what is queued from outside: see README.md, [ROOM]. */
#ifndef FL_SCHED_ROOM_H
#define FL_SCHED_ROOM_H

#include "sched/pool.h"

/* The rest of is_there: a look at all doors. */
bool fl_room_look(struct fl_pool *pool, struct fl_door *door);
/* Under the door's lock: is there room for one more? */
static inline bool fl_room_is_there(struct fl_pool *pool, struct fl_door *door)
{
    return load_relaxed(&door->inbox.bottom) <
               load_relaxed(&door->room_until) ||
           fl_room_look(pool, door);
}

/* Any thread. What waits at the doors. */
size_t fl_room_pending(struct fl_pool *pool);
/* A submitter that found none. Blocks until there may be some. */
void fl_room_wait(struct fl_pool *pool);

/* The rest of made: submitters are blocked. */
void fl_room_made_slow(struct fl_pool *pool);
/* Any thread that has just taken from an inbox: somebody may wait for it. */
static inline void fl_room_made(struct fl_pool *pool)
{
    /* seq_cst: as the take is; the blocked see it, or we see them [ROOM] */
    if (load_seq_cst(&pool->blocked_submitters))
        fl_room_made_slow(pool);
}

#endif
