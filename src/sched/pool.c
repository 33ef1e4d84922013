/* SPDX-License-Identifier: MIT */
/* The life of a pool: how it opens, and what the last one does. */
#include "sched/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/futex.h"
#include "platform/process.h"
#include "sched/estate.h"
#include "sched/later.h"
#include "sched/registry.h"
#include "sched/step.h"
#include "sched/worker.h"
#include "task/timekeeper.h"

enum { DOORS_LEAST = 4, DOORS_MOST = 64, INBOX_CAPACITY = 256 };

/* Without threads one, so that tasks are stepped in the order of submits. */
static unsigned count_doors(const struct fl_pool *pool)
{
    unsigned workers = (unsigned)pool->setup.config.workers;
    unsigned doors = fl_pool_is_threadless(pool) ? 1 : DOORS_LEAST;
    while (doors < workers && doors < DOORS_MOST)
        doors *= 2;
    return doors;
}

static void free_doors(struct fl_pool *pool, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fl_inbox_free(&pool->doors[i].inbox);
    free(pool->doors);
}

static int open_doors(struct fl_pool *pool)
{
    size_t bytes = pool->door_count * sizeof(struct fl_door);
    pool->doors = aligned_alloc(FL_CACHE_LINE, bytes);
    if (!pool->doors)
        return -ENOMEM;
    memset(pool->doors, 0, bytes);
    for (unsigned i = 0; i < pool->door_count; i++) {
        struct fl_door *door = &pool->doors[i];
        if (fl_inbox_init(&door->inbox, INBOX_CAPACITY)) {
            free_doors(pool, i);
            return -ENOMEM;
        }
        door->heap = &pool->heaps[i];
        fl_heap_init(door->heap, &pool->home->arena);
    }
    return 0;
}

/* What does not need memory. */
static void init(struct fl_pool *pool, const struct fl_pool_setup *setup,
    void (*free_memory)(struct fl_pool *))
{
    pool->setup = *setup;
    pool->free_memory = free_memory;
    /* Without threads nobody is ever started. */
    int places = fl_pool_is_threadless(pool) ? 0 : setup->config.workers;
    atomic_init(&pool->live, FL_LIVE_GUEST);
    pool->door_count = count_doors(pool);
    pool->most_threads = (unsigned)(places + setup->config.spares);
    atomic_init(&pool->places, places);
}

/* For the hook at the end, which must not fail. */
static bool open_stop_region(struct fl_pool *pool)
{
    if (!fl_pool_is_threadless(pool) || !pool->setup.config.on_stop)
        return true;
    pool->stop_region = fl_region_new();
    return pool->stop_region;
}

static void free_stop_region(struct fl_pool *pool)
{
    if (pool->stop_region)
        fl_region_free(pool->stop_region);
}

int fl_pool_open(struct fl_pool *pool, const struct fl_pool_setup *setup,
    void (*free_memory)(struct fl_pool *))
{
    init(pool, setup, free_memory);
    int rc = fl_process_watch_forks(fl_registry_forget_parent);
    if (rc)
        return rc;
    pool->slots = calloc(pool->most_threads + 1, sizeof *pool->slots);
    struct fl_estate *estate =
        fl_estate_new(setup, pool->door_count + pool->most_threads);
    if (pool->slots && estate && open_stop_region(pool)) {
        pool->home = &estate->home;
        pool->home->pool = pool;
        pool->heaps = estate->heaps;
        if (open_doors(pool) == 0) {
            fl_estate_enlist(estate);
            fl_registry_add(pool);
            return 0;
        }
    }
    free_stop_region(pool);
    free(estate);
    free(pool->slots);
    return -ENOMEM;
}

static void close_heap(struct fl_heap *heap)
{
    fl_slab_close(&heap->small);
    fl_slab_close(&heap->big);
    fl_slab_close(&heap->wide);
}

static void free_parts(struct fl_pool *pool)
{
    struct fl_estate *estate = (struct fl_estate *)(void *)pool->home;
    unsigned threads = load_relaxed(&pool->slots_used);
    /* Heaps without an owner have never been touched. */
    estate->heap_count = pool->door_count + threads;
    for (unsigned i = 0; i < threads; i++)
        fl_worker_free(load_relaxed(&pool->slots[i]));
    for (unsigned i = 0; i < estate->heap_count; i++)
        close_heap(&pool->heaps[i]);
    free_doors(pool, pool->door_count);
    free(pool->slots);
    free_stop_region(pool);
    free(pool->broken_reason);
    fl_arena_release(&estate->home.arena);
}

/* The last one: nobody else uses the pool any more. */
static void finalize(struct fl_pool *pool)
{
    struct fl_worker *self = fl_worker_here();
    if (self && self->pool == pool)
        fl_registry_leave_thread(self);
    fl_registry_remove(pool);
    fl_timekeeper_forget(&pool->home->timers);
    for (unsigned i = 0; i < load_relaxed(&pool->slots_used); i++)
        fl_worker_join(load_relaxed(&pool->slots[i]));
    free_parts(pool);
    pool->free_memory(pool);
    fl_registry_note_change();
}

void fl_pool_drop_live(struct fl_pool *pool, uint32_t unit)
{
    const void *word = &pool->live;
    /* acq_rel: the last one sees what all others did [POOL-last] */
    uint32_t left = fl_pool_is_threadless(pool)
                        ? fl_step_leave(pool, unit)
                        : fetch_sub_acq_rel(&pool->live, unit) - unit;
    if (left == 0) {
        finalize(pool);
    } else if (left == FL_LIVE_GUEST) {
        /* The handle's owner may free the pool now: only addresses. */
        fl_futex_wake(word, INT32_MAX);
        fl_registry_note_change();
    }
}
