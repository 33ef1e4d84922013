/* SPDX-License-Identifier: MIT */
/* Where tasks are found: the doors, the deques of others. */
#include "sched/find.h"

#include "sched/errand.h"
#include "sched/fork.h"
#include "sched/room.h"

/* How many tasks come along with one, at most. */
enum { AT_ONCE = 16 };
/* About 1 us; and what is worth waiting for. */
enum { MOST_PAUSES = 31, LONG_RUN = 32 };

static uint32_t next_random(struct fl_worker *worker)
{
    uint32_t x = worker->random; /* Marsaglia, "Xorshift RNGs" (2003) */
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return worker->random = x;
}

/*
 * A worker that keeps up with a submitter would take each task, and the cache
 * lines of inbox and task with it, while the submitter still needs them, which
 * slows both down. So after running dry it lets a submitter that goes on
 * submitting get ahead, for longer as long as it finds little.
 */
static void let_it_get_ahead(struct fl_worker *worker)
{
    for (unsigned i = 0; worker->is_dry && i < worker->pauses; i++)
        cpu_relax();
}

static void took(struct fl_worker *worker, bool emptied)
{
    worker->is_dry = emptied;
    worker->run_length++;
    if (!emptied)
        return;
    if (worker->run_length < LONG_RUN && worker->pauses < MOST_PAUSES)
        worker->pauses = 2 * worker->pauses + 1;
    else if (worker->run_length >= LONG_RUN)
        worker->pauses /= 2;
    worker->run_length = 0;
}

/* Puts tasks that came along with one into the own deque, the first on top.
 * There is room, since they only come if it is empty. For a moment they were
 * nowhere, so somebody may have gone to sleep beside them. */
static void keep(struct fl_worker *worker, void **tasks, size_t count)
{
    if (!count)
        return;
    for (size_t i = count; i-- > 0;)
        (void)fl_deque_push(&worker->deque, tasks[i]);
    fence_seq_cst(); /* as a submitter [PARK] */
    fl_pool_notify(worker->pool);
}

/* How many tasks to take at once: with others about, each visit to a queue
 * costs a few cache lines. */
static size_t most_at_once(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    /* One by one at the end: what is in our hands, others do not see. */
    return load_relaxed(&pool->slots_used) > 1 &&
                   !(load_relaxed(&pool->control) & FL_CONTROL_CLOSING) &&
                   fl_deque_size(&worker->deque) == 0
               ? AT_ONCE
               : 1;
}

filch_future *fl_find_in_doors(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    unsigned doors = load_relaxed(&pool->doors_used);
    void *tasks[AT_ONCE];
    bool emptied = false;
    let_it_get_ahead(worker);
    for (unsigned i = 0; i < doors; i++) {
        unsigned at = (worker->index + i) % doors;
        size_t count = fl_inbox_take(
            &pool->doors[at].inbox, tasks, most_at_once(worker), &emptied);
        if (count) {
            took(worker, emptied);
            fl_room_made(pool);
            keep(worker, tasks + 1, count - 1);
            return tasks[0];
        }
    }
    worker->pauses = 0;
    worker->is_dry = false;
    return NULL;
}

static filch_future *steal_from(struct fl_worker *victim)
{
    filch_future *task;
    bool lost;
    do {
        lost = false;
        task = fl_deque_steal(&victim->deque, &lost);
    } while (lost);
    return task;
}

/* Some more, having stolen one: half of what the victim has. */
static void steal_more(struct fl_worker *worker, struct fl_worker *victim)
{
    void *tasks[AT_ONCE];
    size_t count = 0;
    size_t most = (size_t)fl_deque_size(&victim->deque) / 2;
    bool lost;
    if (most_at_once(worker) == 1)
        return;
    while (count < most && count < AT_ONCE &&
           (tasks[count] = fl_deque_steal(&victim->deque, &lost)))
        count++;
    keep(worker, tasks, count);
}

static filch_future *steal(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    unsigned slots = load_relaxed(&pool->slots_used);
    unsigned first = next_random(worker) % slots;
    for (unsigned i = 0; i < slots; i++) {
        /* acquire: pairs with the release in fl_worker_start */
        struct fl_worker *victim =
            load_acquire(&pool->slots[(first + i) % slots]);
        filch_future *task =
            victim && victim != worker ? steal_from(victim) : NULL;
        if (task) {
            steal_more(worker, victim);
            return task;
        }
    }
    return NULL;
}

filch_future *fl_find_oldest(struct fl_worker *worker)
{
    filch_future *task = fl_find_in_doors(worker);
    return task ? task : steal_from(worker);
}

struct fl_found fl_find_anywhere(struct fl_worker *worker)
{
    struct fl_found found = {.errand = fl_errand_take(worker)};
    if (!fl_is_found(found))
        found.task = fl_deque_take(&worker->deque);
    if (!fl_is_found(found))
        found.task = fl_find_in_doors(worker);
    if (!fl_is_found(found))
        found.fork = fl_fork_steal(worker);
    if (!fl_is_found(found))
        found.task = steal(worker);
    return found;
}
