/* SPDX-License-Identifier: MIT */
#include "sched/registry.h"

#include "concurrent/time.h"
#include "platform/futex.h"
#include "sched/worker.h"
#include "task/hook.h"
#include "task/timekeeper.h"

static struct fl_lock registry_lock;
static struct fl_pool *registry; /* under the lock */
static _Atomic uint32_t registry_changes;
static struct fl_thread zombie; /* under the lock: ended, not joined */
static bool has_zombie;         /* under the lock */

void fl_registry_forget_parent(void)
{
    registry_lock = (struct fl_lock){FL_LOCK_FREE};
    registry = NULL;
    has_zombie = false;
    fl_hook_forget_locks();
    fl_strand_forget_all();
    fl_timekeeper_forget_parent();
}

void fl_registry_add(struct fl_pool *pool)
{
    fl_lock_take(&registry_lock);
    pool->next = registry;
    registry = pool;
    fl_lock_drop(&registry_lock);
}

void fl_registry_remove(struct fl_pool *pool)
{
    fl_lock_take(&registry_lock);
    struct fl_pool **at = &registry;
    while (*at && *at != pool)
        at = &(*at)->next;
    if (*at)
        *at = pool->next;
    fl_lock_drop(&registry_lock);
}

void fl_registry_note_change(void)
{
    /* release: with what has changed; pairs with wait_for_changes() */
    fetch_add_release(&registry_changes, 1);
    fl_futex_wake(&registry_changes, INT32_MAX);
}

void fl_registry_leave_thread(struct fl_worker *self)
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

struct fl_pool *fl_registry_enter(filch_future *task)
{
    struct fl_pool *pool = NULL;
    fl_lock_take(&registry_lock);
    if (fl_task_phase(task) == FL_PENDING)
        pool = find_pool(task);
    if (pool && !add_guest(pool))
        pool = NULL;
    fl_lock_drop(&registry_lock);
    return pool;
}

/* Under the registry's lock. Has it threads, or is it being finalized? */
static bool is_busy(struct fl_pool *pool)
{
    return !fl_pool_is_in_task_of(pool) &&
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
        for (unsigned i = 0; !fl_pool_is_in_task_of(pool) &&
                             i < load_relaxed(&pool->slots_used);
             i++)
            fl_worker_join(load_relaxed(&pool->slots[i]));
    if (has_zombie && !fl_worker_here())
        fl_thread_join(&zombie);
    has_zombie = false;
}

/* Under the registry's lock, given up meanwhile. 0, or -ETIMEDOUT. */
static int wait_for_changes(int64_t deadline)
{
    /* acquire: pairs with fl_registry_note_change() */
    uint32_t changes = load_acquire(&registry_changes);
    if (!is_any_busy())
        return 0;
    fl_lock_drop(&registry_lock);
    int rc = fl_time_wait(&registry_changes, changes, deadline);
    fl_lock_take(&registry_lock);
    return rc;
}

/* Under the registry's lock. Also those that have got busy meanwhile. */
static void finish_busy(void)
{
    for (struct fl_pool *pool = registry; pool; pool = pool->next)
        if (is_busy(pool) && fl_pool_threads(pool) > 0 &&
            !(load_relaxed(&pool->control) & FL_CONTROL_STOP))
            fl_pool_begin_shutdown(pool, FILCH_STOP_RUNNING);
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
