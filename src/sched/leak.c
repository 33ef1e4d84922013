/* SPDX-License-Identifier: MIT */
#include "sched/leak.h"

#include <errno.h>
#include <stdlib.h>

#include "sched/estate.h"
#include "sched/registry.h"
#include "sched/worker.h"

/* An array that grows. */
struct list {
    char *items;
    size_t count, room;
    bool is_short; /* there was no memory for one */
};

static void *add(struct list *list, size_t bytes)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        char *items = realloc(list->items, room * bytes);
        list->is_short |= !items;
        if (!items)
            return NULL;
        list->items = items;
        list->room = room;
    }
    return list->items + list->count++ * bytes;
}

struct look {
    const struct fl_home *home; /* NULL: all */
    struct list leaks;          /* of struct filch_leak */
    struct list queued;         /* of const void *: each has a reference */
};

static void add_queued(void *task, void *look)
{
    const void **at = add(&((struct look *)look)->queued, sizeof *at);
    if (at)
        *at = task;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_queued(const struct look *look, const filch_future *task)
{
    return look->queued.count &&
           bsearch(&task, look->queued.items, look->queued.count, sizeof task,
               by_address);
}

/* Of those that it has, one is the queue's, or the runner's. */
static unsigned count_references(
    const struct look *look, const filch_future *task, uint32_t state)
{
    bool is_held = !fl_is_final(state) || is_queued(look, task);
    return fl_references(state) - is_held;
}

static void look_at(void *object, void *arg)
{
    struct look *look = arg;
    const filch_future *task = object;
    /* acquire: as any look at the end of a task [TASK-finish] */
    uint32_t state = load_acquire(&task->state);
    if (!fl_references(state))
        return; /* free, or never used */
    unsigned references = count_references(look, task, state);
    if (fl_is_final(state) && !references)
        return;
    struct filch_leak *leak = add(&look->leaks, sizeof *leak);
    if (leak)
        *leak = (struct filch_leak){.task = fl_task_name(task),
            .where = fl_task_where(task),
            .state = (enum filch_state)fl_phase(state),
            .references = references};
}

static void look_in(struct look *look, struct fl_heap *heaps, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        fl_slab_each(&heaps[i].small, look_at, look);
        fl_slab_each(&heaps[i].big, look_at, look);
        fl_slab_each(&heaps[i].wide, look_at, look);
    }
}

static void look_at_pool(struct fl_pool *pool, void *arg)
{
    struct look *look = arg;
    if (look->home && look->home != pool->home)
        return;
    look->queued.count = 0;
    /* acquire: with the slots [POOL-slots] */
    unsigned slots = load_acquire(&pool->slots_used);
    for (unsigned i = 0; i < pool->door_count; i++)
        fl_inbox_each(&pool->doors[i].inbox, add_queued, look);
    /* acquire: pairs with the release in fl_worker_start */
    for (unsigned i = 0; i < slots; i++)
        fl_deque_each(&load_acquire(&pool->slots[i])->deque, add_queued, look);
    if (look->queued.count)
        qsort(
            look->queued.items, look->queued.count, sizeof(void *), by_address);
    look_in(look, pool->heaps, pool->door_count + slots);
}

/* Of a pool that has gone. */
static void look_at_estate(struct fl_estate *estate, void *arg)
{
    struct look *look = arg;
    if (look->home && look->home != &estate->home)
        return;
    look->queued.count = 0;
    look_in(look, estate->heaps, estate->heap_count);
}

int fl_leak_find(const struct fl_home *home, struct fl_leaks *leaks)
{
    struct look look = {.home = home};
    fl_registry_each(look_at_pool, &look);
    fl_estate_each(look_at_estate, &look);
    free(look.queued.items);
    *leaks = (struct fl_leaks){(void *)look.leaks.items, look.leaks.count};
    if (!look.leaks.is_short && !look.queued.is_short)
        return 0;
    free(look.leaks.items);
    *leaks = (struct fl_leaks){NULL, 0};
    return -ENOMEM;
}
