/* SPDX-License-Identifier: MIT */
#include "sched/room.h"

#include "platform/futex.h"

/* Submitters that wait for room are woken for so much of it. */
enum { FEW = 64 };

/*
 * The bound is over all doors, and a look at all of them for each task would
 * be dear. So a door that looks is granted a share of the room, to be used
 * without looking again; when all room is granted, what others have not used
 * is revoked. Submitters that are just using their grants then may exceed the
 * bound, each by one.
 */
/* What is queued, and what doors other than `own` may queue unasked. */
static size_t count_granted(struct fl_pool *pool, const struct fl_door *own)
{
    size_t granted = 0;
    for (unsigned i = 0; i < pool->door_count; i++) {
        struct fl_door *door = &pool->doors[i];
        int64_t top = load_relaxed(&door->inbox.top);
        int64_t end = load_relaxed(&door->inbox.bottom);
        int64_t until = door == own ? 0 : load_relaxed(&door->room_until);
        end = end > until ? end : until;
        granted += (size_t)(end > top ? end - top : 0);
    }
    return granted;
}

size_t fl_room_pending(struct fl_pool *pool)
{
    size_t pending = 0;
    for (unsigned i = 0; i < pool->door_count; i++)
        pending += (size_t)fl_inbox_size(&pool->doors[i].inbox);
    return pending;
}

static void revoke_grants(struct fl_pool *pool)
{
    for (unsigned i = 0; i < pool->door_count; i++)
        if (load_relaxed(&pool->doors[i].room_until))
            store_relaxed(&pool->doors[i].room_until, 0);
}

static void grant(struct fl_door *door, size_t room)
{
    int64_t bottom = load_relaxed(&door->inbox.bottom);
    store_relaxed(&door->room_until, bottom + (int64_t)(room ? room : 1));
}

/* Under the door's and the room lock. */
static bool find_room(struct fl_pool *pool, struct fl_door *door)
{
    size_t limit = pool->setup.config.queue_limit;
    size_t granted = count_granted(pool, door);
    if (granted < limit) {
        grant(door, (limit - granted) / (2 * (size_t)pool->door_count));
        return true;
    }
    revoke_grants(pool);
    if (fl_room_pending(pool) >= limit)
        return false;
    grant(door, 1);
    return true;
}

bool fl_room_look(struct fl_pool *pool, struct fl_door *door)
{
    if (pool->setup.config.queue_limit == FILCH_UNBOUNDED) {
        store_relaxed(&door->room_until, INT64_MAX);
        return true;
    }
    fl_lock_take(&pool->room_lock);
    bool is_room = find_room(pool, door);
    fl_lock_drop(&pool->room_lock);
    return is_room;
}

static bool is_full(struct fl_pool *pool)
{
    return fl_room_pending(pool) >= pool->setup.config.queue_limit;
}

/* Room for a few, so that a wake is not paid for each task; for one, if the
 * bound is small. */
static bool is_worth_a_wake(struct fl_pool *pool)
{
    size_t limit = pool->setup.config.queue_limit;
    size_t few = limit / 4 < FEW ? limit / 4 : FEW;
    return fl_room_pending(pool) + (few ? few : 1) <= limit;
}

void fl_room_made_slow(struct fl_pool *pool)
{
    fence_seq_cst(); /* two that take at once: one sees both [ROOM] */
    if (!is_worth_a_wake(pool))
        return;
    /* release: pairs with fl_room_wait(); the word only says that something
     * has changed */
    fetch_add_release(&pool->room, 1);
    fl_futex_wake(&pool->room, INT32_MAX);
}

void fl_room_wait(struct fl_pool *pool)
{
    /* seq_cst: as the load in fl_room_made() [ROOM] */
    fetch_add_seq_cst(&pool->blocked_submitters, 1);
    /* acquire: pairs with fl_room_made_slow(), before the look */
    uint32_t room = load_acquire(&pool->room);
    fence_seq_cst(); /* whoever takes sees us, or we the room [ROOM] */
    if (is_full(pool) && !fl_pool_refusal(pool))
        fl_futex_wait(&pool->room, room, FILCH_FOREVER);
    /* seq_cst: so that all changes of the count are in one order [ROOM] */
    fetch_sub_seq_cst(&pool->blocked_submitters, 1);
}
