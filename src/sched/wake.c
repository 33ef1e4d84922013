/* SPDX-License-Identifier: MIT */
/* Who is told of new work: see README.md, [WAKE-...]. */
#include <errno.h>

#include "sched/fork.h"
#include "sched/room.h"

bool fl_pool_has_work(struct fl_pool *pool)
{
    unsigned doors = load_relaxed(&pool->doors_used);
    unsigned slots = load_relaxed(&pool->slots_used);
    for (unsigned i = 0; i < doors; i++)
        if (fl_inbox_size(&pool->doors[i].inbox) > 0)
            return true;
    for (unsigned i = 0; i < slots; i++) {
        /* acquire: pairs with the release in fl_worker_start */
        struct fl_worker *worker = load_acquire(&pool->slots[i]);
        if (worker &&
            (fl_deque_size(&worker->deque) > 0 || fl_fork_has_work(worker)))
            return true;
    }
    return false;
}

bool fl_pool_take_place(struct fl_pool *pool)
{
    int32_t places = load_relaxed(&pool->places);
    while (places > 0)
        if (cas_weak_relaxed(&pool->places, &places, places - 1))
            return true;
    return false;
}

static bool wake_one_of(struct fl_pool *pool, struct fl_parking *parking)
{
    int index = fl_parking_claim(parking, fl_pool_words(pool));
    if (index < 0)
        return false;
    /* acquire: pairs with the release in fl_worker_start */
    fl_spot_wake(&load_acquire(&pool->slots[index])->spot);
    return true;
}

static int start_one(struct fl_pool *pool)
{
    /* relaxed: it only grows */
    if (load_relaxed(&pool->slots_used) >= pool->most_threads)
        return -1;
    fl_lock_take(&pool->start_lock);
    int rc = fl_worker_start(pool);
    fl_lock_drop(&pool->start_lock);
    return rc;
}

enum brought { BROUGHT, NOBODY_TO_BRING, CANNOT_START };

/* Somebody who comes to search, holding the token. */
static enum brought bring_one(struct fl_pool *pool)
{
    if (wake_one_of(pool, &pool->idle))
        return BROUGHT;
    /* A thread is dear: not for a task that somebody has taken meanwhile. */
    if (!fl_pool_has_work(pool) || !fl_pool_take_place(pool))
        return NOBODY_TO_BRING;
    if (wake_one_of(pool, &pool->dormant) || start_one(pool) == 0)
        return BROUGHT;
    fetch_add_relaxed(&pool->places, 1);
    return CANNOT_START;
}

/* While workers have never been started: is one of them between two tasks?
 * Then it will look before it runs or sleeps [WAKE-looking]. */
static bool is_somebody_looking(struct fl_pool *pool)
{
    unsigned slots = load_relaxed(&pool->slots_used);
    for (unsigned i = 0; i < slots; i++) {
        /* acquire: pairs with the release in fl_worker_start */
        struct fl_worker *worker = load_acquire(&pool->slots[i]);
        if (worker && load_relaxed(&worker->is_looking))
            return true;
    }
    return false;
}

static bool is_starting_premature(struct fl_pool *pool)
{
    return load_relaxed(&pool->slots_used) <
               (uint32_t)pool->setup.config.workers &&
           !fl_pool_has_idle(pool) && is_somebody_looking(pool);
}

static void fail_all(struct fl_pool *pool)
{
    fl_pool_drain(pool, -EAGAIN);
    fl_room_made(pool);
}

/* No thread could be started: then only those that there are can come, and if
 * there are none, what is queued fails. */
static void do_without(struct fl_pool *pool)
{
    if (fl_pool_threads(pool) == 0)
        fail_all(pool);
    else if (fl_pool_has_idle(pool) && fl_pool_has_work(pool))
        fl_pool_notify(pool);
}

void fl_pool_notify_slow(struct fl_pool *pool)
{
    enum brought brought = NOBODY_TO_BRING;
    do {
        int32_t none = 0;
        if (is_starting_premature(pool))
            return;
        /* acq_rel: the token [WAKE-token] */
        if (!cas_acq_rel(&pool->searching, &none, 1))
            return;
        brought = bring_one(pool);
        if (brought == BROUGHT)
            return;
        fetch_sub_acq_rel(&pool->searching, 1); /* [WAKE-token] */
        /* Others may have relied on it, and it came to nothing [WAKE-token] */
        fence_seq_cst();
        if (brought == CANNOT_START) {
            do_without(pool);
            return;
        }
    } while ((fl_pool_has_idle(pool) || load_relaxed(&pool->places) > 0) &&
             fl_pool_has_work(pool));
}
