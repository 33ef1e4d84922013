/* SPDX-License-Identifier: MIT */
/* How a pool comes to its end: break, shut down, release. */
#include <errno.h>
#include <stdlib.h>

#include "concurrent/time.h"
#include "platform/error.h"
#include "platform/futex.h"
#include "platform/process.h"
#include "sched/later.h"
#include "sched/worker.h"

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
        /* acquire: with the slot [POOL-slots] */
        fl_spot_wake(&load_acquire(&pool->slots[index])->spot);
    }
    fetch_sub_acq_rel(&pool->searching, 1); /* [WAKE-token] */
}

/* Everybody who sleeps looks at the control word. */
static void wake_all(struct fl_pool *pool)
{
    fence_seq_cst(); /* pairs with the one in park() and retire() [PARK] */
    wake_each(pool, &pool->idle, 0);
    wake_each(pool, &pool->dormant, 1);
    fetch_add_release(&pool->room, 1); /* pairs with fl_room_wait() */
    fl_futex_wake(&pool->room, INT32_MAX);
    fence_seq_cst(); /* the token was taken in vain [WAKE-token] */
}

char *fl_pool_reason(struct fl_pool *pool)
{
    fl_lock_take(&pool->break_lock);
    char *copy = fl_message_copy(pool->broken_reason);
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
        /* acquire: with the slot [POOL-slots] */
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
        .message = reason ? reason : fl_error_text(code),
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
    /* release: pairs with is_told_to_end() [POOL-closed] */
    fetch_or_acq_rel(&pool->control, FL_CONTROL_BROKEN);
    fl_lock_drop(&pool->break_lock);
    if (is_first)
        report_broken(pool, code, reason);
    else
        free(reason);
    pass_doors(pool);
    fl_pool_drain(pool, 0);
    fl_later_end(pool);
    wake_all(pool);
}

void fl_pool_begin_shutdown(struct fl_pool *pool, unsigned flags)
{
    uint32_t control = FL_CONTROL_CLOSING;
    if (flags & FILCH_CANCEL_PENDING)
        control |= FL_CONTROL_CANCEL;
    if (flags & FILCH_STOP_RUNNING)
        control |= FL_CONTROL_STOP;
    /* submitters see it by the locks of their doors [POOL-closed] */
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
        if (fl_time_is_past(deadline))
            return -ETIMEDOUT;
        fl_time_wait(&pool->live, live, deadline);
    }
}

/* Also as a guest, below or above a task of another pool. */
bool fl_pool_is_in_task_of(struct fl_pool *pool)
{
    const struct fl_strand *strand = fl_strand_current;
    if (!strand)
        return false;
    for (const struct fl_run *run = strand->innermost; run; run = run->outer)
        if (run->executor == pool->setup.executor)
            return true;
    return strand->pool == pool;
}

int fl_pool_shutdown(struct fl_pool *pool, unsigned flags, int64_t deadline)
{
    if (pool->home->generation != fl_process_generation())
        return FILCH_EFORKED;
    if (deadline > FILCH_POLL && fl_pool_is_in_task_of(pool))
        return -EDEADLK;
    fl_pool_begin_shutdown(pool, flags);
    fl_later_end(pool);
    filch_blocking_enter(); /* in a task of another pool */
    int rc = wait_for_end(pool, deadline);
    filch_blocking_leave();
    return rc;
}

void fl_pool_release(struct fl_pool *pool)
{
    fl_pool_begin_shutdown(pool, FILCH_FINISH);
    fl_later_end(pool);
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
}
