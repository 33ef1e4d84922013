/* SPDX-License-Identifier: MIT */
/* The life of a pool: open, break, shut down, close. */
#include "sched/pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/futex.h"
#include "platform/process.h"
#include "sched/worker.h"
#include "task/hook.h"

enum { DOORS_LEAST = 4, DOORS_MOST = 64, INBOX_CAPACITY = 256 };

/* The pools of the process: for its end, and for threads that come to a pool
 * through a future only. */
static struct fl_lock registry_lock;
static struct fl_pool *registry;
static _Atomic uint32_t registry_changes;
static struct fl_thread zombie; /* under the lock: ended, not joined */
static bool has_zombie;         /* under the lock */

/* In a child of fork(): the pools and threads of the parent are not here, and
 * locks that they held will not be given back. */
static void forget_parent(void)
{
    registry_lock = (struct fl_lock){FL_LOCK_FREE};
    registry = NULL;
    has_zombie = false;
    fl_hook_forget_locks();
    fl_strand_forget_all();
}

static void enrol(struct fl_pool *pool)
{
    fl_lock_take(&registry_lock);
    pool->next = registry;
    registry = pool;
    fl_lock_drop(&registry_lock);
}

static void strike_off(struct fl_pool *pool)
{
    fl_lock_take(&registry_lock);
    struct fl_pool **at = &registry;
    while (*at && *at != pool)
        at = &(*at)->next;
    if (*at)
        *at = pool->next;
    fl_lock_drop(&registry_lock);
}

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
    }
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
    int rc = fl_process_watch_forks(forget_parent);
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
            enrol(pool);
            return 0;
        }
    }
    free(estate);
    free(pool->slots);
    return -ENOMEM;
}

/* Waits until no submitter is in the middle of one: it either has seen the
 * control word, or what it published is there. */
static void pass_doors(struct fl_pool *pool)
{
    for (unsigned i = 0; i < pool->door_count; i++) {
        fl_lock_take(&pool->doors[i].inbox.lock);
        fl_lock_drop(&pool->doors[i].inbox.lock);
    }
}

/* Wakes all of one kind. Counted as searching before it is claimed, so that
 * the count is never too low. */
static void wake_each(
    struct fl_pool *pool, struct fl_parking *parking, int32_t places)
{
    for (;;) {
        fetch_add_relaxed(&pool->searching, 1);
        int index = fl_parking_claim(parking, fl_pool_words(pool));
        if (index < 0)
            break;
        fetch_sub_relaxed(&pool->places, places);
        fl_spot_wake(&load_acquire(&pool->slots[index])->spot);
    }
    fetch_sub_acq_rel(&pool->searching, 1);
}

/* Everybody who sleeps looks at the control word. */
static void wake_all(struct fl_pool *pool)
{
    fence_seq_cst(); /* pairs with the one in park() and retire() [PARK] */
    wake_each(pool, &pool->idle, 0);
    wake_each(pool, &pool->dormant, 1);
    fetch_add_release(&pool->room, 1);
    fl_futex_wake(&pool->room, INT32_MAX);
    fence_seq_cst(); /* the token was taken in vain [WAKE-token] */
}

char *fl_pool_reason(struct fl_pool *pool)
{
    fl_lock_take(&pool->break_lock);
    const char *reason = pool->broken_reason;
    char *copy = reason ? malloc(strlen(reason) + 1) : NULL;
    if (copy)
        strcpy(copy, reason);
    fl_lock_drop(&pool->break_lock);
    return copy;
}

void fl_pool_discard(struct fl_pool *pool, filch_future *task, int code)
{
    bool is_broken = load_relaxed(&pool->control) & FL_CONTROL_BROKEN;
    if (!code && is_broken)
        code = FILCH_EBROKEN;
    if (!code) {
        fl_task_cancel(task);
        fl_task_release(task);
    } else if (fl_task_claim(task)) {
        fl_task_fail(task, code, is_broken ? fl_pool_reason(pool) : NULL, true);
    } else {
        fl_task_release(task);
    }
}

void fl_pool_drain(struct fl_pool *pool, int code)
{
    void *task;
    bool unused;
    /* acquire: with the slots [POOL-slots] */
    unsigned slots = load_acquire(&pool->slots_used);
    for (unsigned i = 0; i < pool->door_count; i++)
        while (fl_inbox_take(&pool->doors[i].inbox, &task, 1, &unused))
            fl_pool_discard(pool, task, code);
    for (unsigned i = 0; i < slots; i++) {
        struct fl_deque *deque = &load_acquire(&pool->slots[i])->deque;
        do {
            unused = false;
            while ((task = fl_deque_steal(deque, &unused)))
                fl_pool_discard(pool, task, code);
        } while (unused);
    }
}

static void report_broken(struct fl_pool *pool, int code, const char *reason)
{
    struct filch_failure failure = {.code = code,
        .message = reason ? reason : filch_strerror(code),
        .task = pool->setup.name,
        .where = ""};
    fl_report(pool->home, &failure);
}

void fl_pool_break(struct fl_pool *pool, int code, char *reason)
{
    fl_lock_take(&pool->break_lock);
    bool is_first = !(load_relaxed(&pool->control) & FL_CONTROL_BROKEN);
    if (is_first)
        pool->broken_reason = reason;
    fetch_or_acq_rel(&pool->control, FL_CONTROL_BROKEN);
    fl_lock_drop(&pool->break_lock);
    if (is_first)
        report_broken(pool, code, reason);
    else
        free(reason);
    pass_doors(pool);
    fl_pool_drain(pool, 0);
    wake_all(pool);
}

static void close_heap(struct fl_heap *heap)
{
    fl_slab_close(&heap->small);
    fl_slab_close(&heap->big);
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

static void join(struct fl_worker *worker)
{
    if (!worker->is_joined)
        fl_thread_join(&worker->thread);
    worker->is_joined = true;
}

/* A worker that finalizes its own pool cannot join itself: it leaves that to
 * the next one who does so, or to the end of the process. */
static void leave_zombie(struct fl_worker *self)
{
    struct fl_thread before = {0};
    fl_lock_take(&registry_lock);
    bool had_one = has_zombie;
    before = zombie;
    zombie = self->thread;
    has_zombie = true;
    fl_lock_drop(&registry_lock);
    self->is_joined = true;
    if (had_one)
        fl_thread_join(&before);
}

/* The last one: nobody else uses the pool any more. */
static void finalize(struct fl_pool *pool)
{
    struct fl_worker *self = fl_worker_here();
    if (self && self->pool == pool)
        leave_zombie(self);
    strike_off(pool);
    for (unsigned i = 0; i < load_relaxed(&pool->slots_used); i++)
        join(load_relaxed(&pool->slots[i]));
    free_parts(pool);
    pool->free_memory(pool);
    fetch_add_release(&registry_changes, 1);
    fl_futex_wake(&registry_changes, INT32_MAX);
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
        fetch_add_release(&registry_changes, 1);
        fl_futex_wake(&registry_changes, INT32_MAX);
    }
}

static void begin_shutdown(struct fl_pool *pool, unsigned flags)
{
    uint32_t control = FL_CONTROL_CLOSING;
    if (flags & FILCH_CANCEL_PENDING)
        control |= FL_CONTROL_CANCEL;
    if (flags & FILCH_STOP_RUNNING)
        control |= FL_CONTROL_STOP;
    fetch_or_acq_rel(&pool->control, control);
    pass_doors(pool);
    /* release: with all that the doors let in [POOL-closed] */
    fetch_or_acq_rel(&pool->control, FL_CONTROL_CLOSED);
    if (control & FL_CONTROL_CANCEL)
        fl_pool_drain(pool, 0);
    wake_all(pool);
    if (fl_pool_has_work(pool))
        fl_pool_notify(pool);
}

/* Until only the handle is left. */
static int wait_for_end(struct fl_pool *pool, int64_t deadline)
{
    for (;;) {
        /* acquire: pairs with drop_live [POOL-last] */
        uint32_t live = load_acquire(&pool->live);
        if (live == FL_LIVE_GUEST)
            return 0;
        if (deadline <= filch_now())
            return -ETIMEDOUT;
        fl_futex_wait(&pool->live, live, deadline);
    }
}

/* Also as a guest, below or above a task of another pool. */
static bool is_in_task_of(struct fl_pool *pool)
{
    const struct fl_strand *strand = fl_strand_current;
    if (!strand)
        return false;
    for (const filch_ctx *cx = strand->innermost; cx; cx = cx->outer)
        if (cx->executor == pool->setup.executor)
            return true;
    return strand->pool == pool;
}

int fl_pool_shutdown(struct fl_pool *pool, unsigned flags, int64_t deadline)
{
    if (pool->home->generation != fl_process_generation())
        return FILCH_EFORKED;
    if (deadline > FILCH_POLL && is_in_task_of(pool))
        return -EDEADLK;
    begin_shutdown(pool, flags);
    filch_blocking_enter(); /* in a task of another pool */
    int rc = wait_for_end(pool, deadline);
    filch_blocking_leave();
    return rc;
}

void fl_pool_release(struct fl_pool *pool)
{
    begin_shutdown(pool, FILCH_FINISH);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
}

/* A task that is pending keeps its pool; so a pool that is found here, while
 * the registry is locked, is there. */
static struct fl_pool *find_pool(filch_future *task)
{
    struct fl_pool *pool = registry;
    while (pool && pool != fl_report_home(task)->pool)
        pool = pool->next;
    return pool;
}

/* Not once the last one has gone, who is about to free the pool. */
static bool add_guest(struct fl_pool *pool)
{
    uint32_t live = load_relaxed(&pool->live);
    while (live != 0)
        if (cas_weak_relaxed(&pool->live, &live, live + FL_LIVE_GUEST))
            return true;
    return false;
}

static struct fl_pool *enter_as_guest(filch_future *task)
{
    struct fl_pool *pool = NULL;
    fl_lock_take(&registry_lock);
    if (filch_future_state(task) == FILCH_PENDING)
        pool = find_pool(task);
    if (pool && !add_guest(pool))
        pool = NULL;
    fl_lock_drop(&registry_lock);
    return pool;
}

static void run_as_guest(struct fl_pool *pool, filch_future *task)
{
    struct fl_strand *outer = fl_strand_current;
    struct fl_strand strand = {.pool = pool};
    filch_ctx cx = {.executor = pool->setup.executor,
        .control = &pool->control,
        .worker = -1};
    if (!outer)
        fl_strand_current = &strand;
    fl_strand_run(fl_strand_current, &cx, task, false);
    fl_strand_current = outer;
}

void fl_pool_run_here(struct fl_pool *pool, filch_future *task)
{
    fetch_add_relaxed(&pool->live, FL_LIVE_GUEST);
    if (fl_task_claim(task))
        run_as_guest(pool, task);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
}

bool fl_pool_help(filch_future *task)
{
    struct fl_pool *pool = enter_as_guest(task);
    if (!pool)
        return false;
    bool is_ours = fl_task_claim(task);
    if (is_ours)
        run_as_guest(pool, task);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
    return is_ours;
}

/* Under the registry's lock. Has it threads, or is it being finalized? */
static bool is_busy(struct fl_pool *pool)
{
    return !is_in_task_of(pool) &&
           (fl_pool_threads(pool) > 0 || load_relaxed(&pool->live) == 0);
}

/* Under the registry's lock. */
static bool is_any_busy(void)
{
    for (struct fl_pool *pool = registry; pool; pool = pool->next)
        if (is_busy(pool))
            return true;
    return false;
}

/* Under the registry's lock, when none is busy: their threads may still be
 * on their last instructions, in code that is about to be unloaded. */
static void join_all(void)
{
    for (struct fl_pool *pool = registry; pool; pool = pool->next)
        for (unsigned i = 0;
             !is_in_task_of(pool) && i < load_relaxed(&pool->slots_used); i++)
            join(load_relaxed(&pool->slots[i]));
    if (has_zombie && !fl_worker_here())
        fl_thread_join(&zombie);
    has_zombie = false;
}

/* Under the registry's lock, given up meanwhile. 0, or -ETIMEDOUT. */
static int wait_for_changes(int64_t deadline)
{
    /* acquire: pairs with drop_live and finalize */
    uint32_t changes = load_acquire(&registry_changes);
    if (!is_any_busy())
        return 0;
    fl_lock_drop(&registry_lock);
    int rc = fl_futex_wait(&registry_changes, changes, deadline);
    fl_lock_take(&registry_lock);
    return rc;
}

/* Under the registry's lock. Also those that have got busy meanwhile. */
static void finish_busy(void)
{
    for (struct fl_pool *pool = registry; pool; pool = pool->next)
        if (is_busy(pool) && fl_pool_threads(pool) > 0 &&
            !(load_relaxed(&pool->control) & FL_CONTROL_STOP))
            begin_shutdown(pool, FILCH_STOP_RUNNING);
}

void fl_pool_finish_all(int64_t deadline)
{
    int rc = 0;
    fl_lock_take(&registry_lock);
    do {
        finish_busy();
        if (is_any_busy())
            rc = wait_for_changes(deadline);
    } while (!rc && is_any_busy());
    if (!rc)
        join_all();
    fl_lock_drop(&registry_lock);
}
