/* SPDX-License-Identifier: MIT */
/* The life of a pool: how it opens, and what the last one does. */
#include "sched/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/futex.h"
#include "platform/process.h"
#include "sched/later.h"
#include "sched/registry.h"
#include "sched/worker.h"
#include "task/timekeeper.h"

enum { DOORS_LEAST = 4, DOORS_MOST = 64, INBOX_CAPACITY = 256 };

static unsigned count_doors(int workers)
{
    unsigned doors = DOORS_LEAST;
    while (doors < (unsigned)workers && doors < DOORS_MOST)
        doors *= 2;
    return doors;
}

/* Everything that outlives the pool while there are futures. */
struct estate {
    struct fl_home home;
    unsigned heap_count; /* those that were ever used */
    struct fl_heap heaps[];
};

static void destroy_estate(struct fl_arena *arena)
{
    struct estate *estate = (struct estate *)(void *)arena;
    for (unsigned i = 0; i < estate->heap_count; i++) {
        fl_slab_unmap(&estate->heaps[i].small);
        fl_slab_unmap(&estate->heaps[i].big);
        fl_slab_unmap(&estate->heaps[i].wide);
    }
    fl_timers_free(&estate->home.timers);
    free(estate);
}

static struct estate *new_estate(
    const struct fl_pool_setup *setup, unsigned heap_count)
{
    size_t bytes = sizeof(struct estate) + heap_count * sizeof(struct fl_heap);
    bytes = (bytes + FL_CACHE_LINE - 1) / FL_CACHE_LINE * FL_CACHE_LINE;
    struct estate *estate = aligned_alloc(FL_CACHE_LINE, bytes);
    if (!estate)
        return NULL;
    memset(&estate->home, 0, sizeof estate->home);
    fl_arena_init(&estate->home.arena, destroy_estate);
    estate->home.on_unobserved = setup->config.on_unobserved;
    estate->home.data = setup->config.data;
    estate->home.generation = fl_process_generation();
    estate->home.due_kind = &fl_later_kind;
    estate->heap_count = heap_count;
    return estate;
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

int fl_pool_open(struct fl_pool *pool, const struct fl_pool_setup *setup,
    void (*free_memory)(struct fl_pool *))
{
    const struct filch_config *config = &setup->config;
    pool->setup = *setup;
    pool->free_memory = free_memory;
    atomic_init(&pool->live, FL_LIVE_GUEST);
    pool->door_count = count_doors(config->workers);
    pool->most_threads = (unsigned)(config->workers + config->spares);
    atomic_init(&pool->places, config->workers);
    int rc = fl_process_watch_forks(fl_registry_forget_parent);
    if (rc)
        return rc;
    pool->slots = calloc(pool->most_threads, sizeof *pool->slots);
    struct estate *estate =
        new_estate(setup, pool->door_count + pool->most_threads);
    if (pool->slots && estate) {
        pool->home = &estate->home;
        pool->home->pool = pool;
        pool->heaps = estate->heaps;
        if (open_doors(pool) == 0) {
            fl_registry_add(pool);
            return 0;
        }
    }
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
    struct estate *estate = (struct estate *)(void *)pool->home;
    unsigned threads = load_relaxed(&pool->slots_used);
    /* Heaps without an owner have never been touched. */
    estate->heap_count = pool->door_count + threads;
    for (unsigned i = 0; i < threads; i++)
        fl_worker_free(load_relaxed(&pool->slots[i]));
    for (unsigned i = 0; i < estate->heap_count; i++)
        close_heap(&pool->heaps[i]);
    free_doors(pool, pool->door_count);
    free(pool->slots);
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
    uint32_t left = fetch_sub_acq_rel(&pool->live, unit) - unit;
    if (left == 0) {
        finalize(pool);
    } else if (left == FL_LIVE_GUEST) {
        /* The handle's owner may free the pool now: only addresses. */
        fl_futex_wake(word, INT32_MAX);
        fl_registry_note_change();
    }
}
