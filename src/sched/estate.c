/* SPDX-License-Identifier: MIT */
#include "sched/estate.h"

#include <stdlib.h>
#include <string.h>

#include "concurrent/lock.h"
#include "platform/process.h"
#include "sched/later.h"

static struct fl_lock lock;
static struct fl_estate *estates; /* under the lock */

void fl_estate_forget_all(void)
{
    lock = (struct fl_lock){FL_LOCK_FREE};
    estates = NULL;
}

void fl_estate_enlist(struct fl_estate *estate)
{
    fl_lock_take(&lock);
    estate->next = estates;
    estates = estate;
    fl_lock_drop(&lock);
}

/* One of the parent, in a child of fork(), is not there. */
static void strike(const struct fl_estate *estate)
{
    fl_lock_take(&lock);
    struct fl_estate **at = &estates;
    while (*at && *at != estate)
        at = &(*at)->next;
    if (*at)
        *at = estate->next;
    fl_lock_drop(&lock);
}

static void destroy(struct fl_arena *arena)
{
    struct fl_estate *estate = (struct fl_estate *)(void *)arena;
    strike(estate);
    for (unsigned i = 0; i < estate->heap_count; i++) {
        fl_slab_unmap(&estate->heaps[i].small);
        fl_slab_unmap(&estate->heaps[i].big);
        fl_slab_unmap(&estate->heaps[i].wide);
    }
    fl_timers_free(&estate->home.timers);
    free(estate);
}

struct fl_estate *fl_estate_new(
    const struct fl_pool_setup *setup, unsigned heap_count)
{
    size_t bytes =
        sizeof(struct fl_estate) + heap_count * sizeof(struct fl_heap);
    bytes = (bytes + FL_CACHE_LINE - 1) / FL_CACHE_LINE * FL_CACHE_LINE;
    struct fl_estate *estate = aligned_alloc(FL_CACHE_LINE, bytes);
    if (!estate)
        return NULL;
    memset(estate, 0, sizeof *estate); /* the heaps only when they are used */
    fl_arena_init(&estate->home.arena, destroy);
    estate->home.on_unobserved = setup->config.on_unobserved;
    estate->home.data = setup->config.data;
    estate->home.generation = fl_process_generation();
    estate->home.is_threadless = setup->config.backend != FILCH_THREADS;
    estate->home.due_kind = &fl_later_kind;
    estate->home.wants_backtrace = setup->wants_backtrace;
    return estate;
}

void fl_estate_each(void (*fn)(struct fl_estate *estate, void *arg), void *arg)
{
    fl_lock_take(&lock);
    for (struct fl_estate *estate = estates; estate; estate = estate->next)
        fn(estate, arg);
    fl_lock_drop(&lock);
}
