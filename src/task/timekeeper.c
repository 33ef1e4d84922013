/* SPDX-License-Identifier: MIT */
/* See README.md, [TIMER-...]. */
#include "task/timekeeper.h"

#include <errno.h>

#include "concurrent/time.h"
#include "platform/futex.h"
#include "platform/thread.h"

enum { STACK_BYTES = 1 << 20 };

static struct fl_lock lock;
static struct fl_timers *kept;  /* the lock: heaps that were ever told of */
static int64_t asleep_until;    /* the lock: INT64_MIN: awake */
static bool is_running;         /* the lock: it will look at the list again */
static bool has_thread;         /* the lock: to be joined */
static bool is_to_end;          /* the lock: if there is nothing to see to */
static struct fl_thread thread; /* the lock */
/* Counts what the timekeeper sleeps by; and its ends. The lock writes. */
static _Atomic uint32_t changes;

static _Thread_local bool is_timekeeper;

/* Under the lock. */
static void note_change(void)
{
    /* relaxed: the lock orders all but the futex's look at the word */
    fetch_add_relaxed(&changes, 1);
    fl_futex_wake(&changes, INT32_MAX);
}

/* Under the lock. A timer that is due, and its heap's; NULL: none, and *next
 * is when there will be one. */
static struct fl_timer *find_due(int64_t now, int64_t *next)
{
    *next = INT64_MAX;
    for (struct fl_timers *timers = kept; timers; timers = timers->next) {
        int64_t due;
        struct fl_timer *timer = fl_timers_take_due(timers, now, &due);
        if (timer)
            return timer;
        if (due < *next)
            *next = due;
    }
    return NULL;
}

/* Under the lock. No heap but the common one, and that is empty. */
static bool is_idle(void)
{
    for (struct fl_timers *timers = kept; timers; timers = timers->next)
        if (timers != &fl_timers_common || fl_timers_count(timers))
            return false;
    return true;
}

/* Under the lock, given up meanwhile. */
static void sleep_until(int64_t next)
{
    uint32_t seen = load_relaxed(&changes);
    asleep_until = next;
    fl_lock_drop(&lock);
    fl_futex_wait(&changes, seen, next);
    fl_lock_take(&lock);
    asleep_until = INT64_MIN;
}

static void *keep_time(void *unused)
{
    int64_t next;
    fl_thread_set_name("filch-timer");
    is_timekeeper = true;
    fl_lock_take(&lock);
    while (!is_to_end) {
        struct fl_timer *timer = find_due(fl_time_now(), &next);
        if (!timer) {
            sleep_until(next);
            continue;
        }
        /* The heap is kept by what hold() holds, no longer than this. */
        fl_lock_drop(&lock);
        timer->kind->fire(timer);
        fl_lock_take(&lock);
    }
    is_running = false;
    is_to_end = false;
    note_change();
    fl_lock_drop(&lock);
    return unused;
}

/* Under the lock. One that has ended takes the lock no more. */
static void join(void)
{
    if (has_thread && !is_running)
        fl_thread_join(&thread);
    has_thread = has_thread && is_running;
}

/* Under the lock. */
static int start(void)
{
    if (is_running) {
        is_to_end = false;
        return 0;
    }
    join();
    if (fl_thread_start(&thread, keep_time, NULL, STACK_BYTES))
        return -EAGAIN;
    is_running = true;
    has_thread = true;
    asleep_until = INT64_MIN;
    return 0;
}

/* Under the lock. */
static void keep(struct fl_timers *timers)
{
    if (timers->is_kept)
        return;
    timers->next = kept;
    kept = timers;
    timers->is_kept = true;
}

/* Under the lock that it also looks under [TIMER-tell]. */
int fl_timekeeper_tell(struct fl_timers *timers, int64_t due)
{
    fl_lock_take(&lock);
    int rc = fl_time_is_virtual() ? 0 : start();
    if (!rc)
        keep(timers);
    if (!rc && due < asleep_until)
        note_change();
    fl_lock_drop(&lock);
    return rc;
}

/* Under the lock, given up meanwhile. */
static void end_thread(void)
{
    is_to_end = true;
    note_change();
    while (is_running && is_to_end && !is_timekeeper) {
        uint32_t seen = load_relaxed(&changes);
        fl_lock_drop(&lock);
        fl_futex_wait(&changes, seen, INT64_MAX);
        fl_lock_take(&lock);
    }
    join();
}

void fl_timekeeper_forget(struct fl_timers *timers)
{
    fl_lock_take(&lock);
    struct fl_timers **at = &kept;
    while (*at && *at != timers)
        at = &(*at)->next;
    if (*at)
        *at = timers->next;
    timers->is_kept = false;
    if (is_running && is_idle())
        end_thread();
    fl_lock_drop(&lock);
}

void fl_timekeeper_end(void)
{
    fl_lock_take(&lock);
    if (is_running)
        end_thread();
    else
        join();
    fl_lock_drop(&lock);
}

int fl_timekeeper_go_virtual(int64_t now)
{
    fl_lock_take(&lock);
    int rc = fl_time_is_virtual() || !is_idle() ? -EBUSY : 0;
    if (!rc) {
        if (is_running)
            end_thread();
        fl_time_set(now);
    }
    fl_lock_drop(&lock);
    return rc;
}

int fl_timekeeper_go_real(void)
{
    fl_lock_take(&lock);
    fl_time_set(0);
    int rc = is_idle() ? 0 : start();
    fl_lock_drop(&lock);
    return rc;
}

/* Under the lock, given up while something fires. */
static void step_until(int64_t until)
{
    int64_t next;
    do {
        struct fl_timer *timer = find_due(fl_time_now(), &next);
        if (timer) {
            fl_lock_drop(&lock);
            timer->kind->fire(timer);
            fl_lock_take(&lock);
            next = 0;
        } else if (next <= until) {
            fl_time_set(next);
        }
    } while (next <= until);
}

void fl_timekeeper_advance(int64_t until)
{
    fl_lock_take(&lock);
    step_until(until);
    fl_time_set(until);
    fl_lock_drop(&lock);
}

void fl_timekeeper_forget_parent(void)
{
    lock = (struct fl_lock){FL_LOCK_FREE};
    kept = NULL;
    is_running = false;
    has_thread = false;
    is_to_end = false;
    is_timekeeper = false;
    fl_timers_common.lock = (struct fl_lock){FL_LOCK_FREE};
    fl_timers_common.count = 0;
    fl_timers_common.is_kept = false;
}
