/* SPDX-License-Identifier: MIT */
/* The worker's loop: see README.md, "The worker". */
#include "sched/worker.h"

#include "platform/clock.h"
#include "sched/errand.h"
#include "sched/find.h"
#include "sched/fork.h"

enum { CROWDED_NS = 100000 };

static void begin_search(struct fl_worker *worker)
{
    if (worker->is_searching)
        return;
    /* relaxed: a notifier that misses it only wakes one more */
    fetch_add_relaxed(&worker->pool->searching, 1);
    worker->is_searching = true;
}

/* The last searcher answers for work published meanwhile. */
void fl_worker_end_search(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    worker->is_searching = false;
    if (fetch_sub_acq_rel(&pool->searching, 1) > 1) /* [WAKE-token] */
        return;
    fence_seq_cst();
    if (fl_pool_has_work(pool))
        fl_pool_notify(pool);
}

/* Looks for as long as it is worth; only one searcher does so. */
static struct fl_found look_patiently(struct fl_worker *worker)
{
    struct fl_spin_wait wait;
    struct fl_found found = fl_find_anywhere(worker);
    if (fl_is_found(found) || load_relaxed(&worker->pool->searching) > 1)
        return found;
    fl_spin_begin(&wait, &worker->spin);
    while (!fl_is_found(found) && fl_spin_once(&wait))
        found = fl_find_anywhere(worker);
    return found;
}

static bool is_told_to_end(struct fl_pool *pool)
{
    /* acquire: pairs with begin_shutdown, so that a look after this one finds
     * all there will be [POOL-closed] */
    return load_acquire(&pool->control) &
           (FL_CONTROL_CLOSED | FL_CONTROL_BROKEN);
}

/* Not to sleep. */
static bool has_reason(struct fl_worker *worker)
{
    return fl_pool_has_work(worker->pool) || is_told_to_end(worker->pool) ||
           load_relaxed(&worker->errand);
}

/* Announced as idle: is there a reason not to sleep? Then it is neither, and
 * a searcher again; unless it has been claimed meanwhile, as a searcher, too.
 */
static bool has_changed_its_mind(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    if (!has_reason(worker)) {
        fl_fork_poke_all(worker); /* the next fork is told to wake us */
        return false;
    }
    /* Before it leaves the set: there is no moment in which a notifier finds
     * it neither asleep nor looking [WAKE-looking]. */
    store_relaxed(&worker->is_looking, true);
    if (!fl_parking_retract(&pool->idle, worker->index))
        return false;
    fetch_add_relaxed(&pool->searching, 1);
    return true;
}

/* Sleeps unless something turns up. Searching before and afterwards. */
static void park(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    struct fl_spin_wait sleep;
    store_relaxed(&worker->is_looking, false);
    fl_parking_announce(&pool->idle, worker->index);
    fetch_sub_acq_rel(&pool->searching, 1); /* [WAKE-token] */
    fence_seq_cst(); /* the notifier sees us, or we its reason [PARK] */
    if (has_changed_its_mind(worker))
        return;
    fl_spin_begin_sleep(&sleep, &worker->spin);
    fl_parking_sleep(&pool->idle, worker->index, &worker->spot);
    fl_spin_end_sleep(&sleep);
    store_relaxed(&worker->is_looking, true);
}

/* A task or a fork; neither: the worker is to end. */
static struct fl_found hunt(struct fl_worker *worker)
{
    begin_search(worker);
    for (;;) {
        bool is_told = is_told_to_end(worker->pool); /* before the look */
        struct fl_found found = look_patiently(worker);
        if (fl_is_found(found) ||
            (is_told && !fl_pool_has_work(worker->pool))) {
            fl_worker_end_search(worker);
            return found;
        }
        if (is_told)
            continue; /* somebody was faster, or is just moving some */
        park(worker);
    }
}

/* A task that blocks for short times, again and again, would have a spare
 * woken and put to sleep each time. So the one that is too many stays for a
 * little while: perhaps a place will be free again. */
static bool is_crowded_for_long(struct fl_worker *worker)
{
    int64_t now = fl_clock_now_ns();
    if (!worker->crowded_since)
        worker->crowded_since = now;
    return now - worker->crowded_since > CROWDED_NS;
}

/* Gives up a place that is not there, if it is one too many. */
static bool make_way(struct fl_pool *pool)
{
    int32_t places = load_relaxed(&pool->places);
    while (places < 0)
        if (cas_weak_relaxed(&pool->places, &places, places + 1))
            return true;
    return false;
}

static bool take_place_back(struct fl_pool *pool, bool at_any_rate)
{
    if (at_any_rate)
        fetch_sub_relaxed(&pool->places, 1);
    return at_any_rate || fl_pool_take_place(pool);
}

/* Announces itself as dormant. True: there was a reason not to sleep, and it
 * has a place again; false: it may sleep, or has been claimed. */
static bool is_needed_after_all(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    for (;;) {
        fl_parking_announce(&pool->dormant, worker->index);
        fence_seq_cst(); /* as in park() [PARK] */
        /* For these one too many does no harm. */
        bool is_meant = is_told_to_end(pool) || load_relaxed(&worker->errand);
        bool is_needed = is_meant || (load_relaxed(&pool->places) > 0 &&
                                         fl_pool_has_work(pool));
        if (!is_needed || !fl_parking_retract(&pool->dormant, worker->index))
            return false;
        if (take_place_back(pool, is_meant))
            return true;
    }
}

/* More threads at work than places: this one makes way, sleeps until it is
 * needed. */
static void retire(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    if (!make_way(pool))
        return;
    store_relaxed(&worker->is_looking, false);
    if (is_needed_after_all(worker))
        fetch_add_relaxed(&pool->searching, 1);
    else /* whoever claims it takes a place for it, and counts it */
        fl_parking_sleep(&pool->dormant, worker->index, &worker->spot);
    worker->is_searching = true;
    store_relaxed(&worker->is_looking, true);
}

/* While workers have never been started, a notifier may have left it to this
 * one to look. */
static inline void look_after_others(struct fl_pool *pool)
{
    if (load_relaxed(&pool->slots_used) >= (uint32_t)pool->setup.config.workers)
        return;
    fence_seq_cst(); /* [WAKE-looking] */
    if (fl_pool_has_work(pool))
        fl_pool_notify(pool);
}

/* More threads are at work than there are places, or were a moment ago. */
static void mind_the_crowd(struct fl_worker *worker)
{
    if (load_relaxed(&worker->pool->places) >= 0)
        worker->crowded_since = 0;
    else if (!worker->is_searching && is_crowded_for_long(worker))
        retire(worker);
}

static inline struct fl_found find_here(struct fl_worker *worker)
{
    struct fl_found found = {.errand = fl_errand_take(worker)};
    if (!found.errand)
        found.task = fl_find_nearby(worker);
    return found;
}

static inline struct fl_found next(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    if (worker->crowded_since || load_relaxed(&pool->places) < 0)
        mind_the_crowd(worker);
    struct fl_found found = {.errand = NULL};
    if (!worker->is_searching)
        found = find_here(worker);
    if (!fl_is_found(found))
        found = hunt(worker);
    store_relaxed(&worker->is_looking, false);
    if (fl_is_found(found))
        look_after_others(pool);
    return found;
}

struct fl_run fl_worker_run(struct fl_worker *worker)
{
    struct fl_pool *pool = worker->pool;
    return (struct fl_run){.executor = pool->setup.executor,
        .control = &pool->control,
        .worker = (int)worker->index};
}

/* The task has ended, but its callbacks keep the worker: somebody may have
 * relied on its looking since [WAKE-looking]. */
static void stop_looking(void)
{
    struct fl_worker *worker = fl_worker_here();
    store_relaxed(&worker->is_looking, false);
    look_after_others(worker->pool);
}

static inline void run_task(
    struct fl_worker *worker, struct fl_run *run, filch_future *task)
{
    struct fl_pool *pool = worker->pool;
    if (load_relaxed(&pool->control) &
        (FL_CONTROL_CANCEL | FL_CONTROL_BROKEN)) {
        fl_pool_discard(pool, task, 0);
        return;
    }
    if (!fl_task_claim_owned(task)) { /* cancelled, or claimed by a waiter */
        fl_task_release(task);
        return;
    }
    fl_strand_run(&worker->strand, run, task, true);
    if (fl_strand_current != &worker->strand)
        fl_thread_end(); /* the task returned in a child of fork() */
}

/* What is not a task. */
static void run_other(struct fl_worker *worker, struct fl_found found)
{
    if (found.errand)
        fl_errand_run(worker, found.errand);
    else
        fl_fork_run_stolen(worker, found.fork);
    store_relaxed(&worker->is_looking, true);
}

void fl_worker_run_all(struct fl_worker *worker)
{
    struct fl_run run = fl_worker_run(worker);
    struct fl_found found;
    run.is_looking = &worker->is_looking;
    run.stop_looking = stop_looking;
    while (fl_is_found(found = next(worker))) {
        if (found.task)
            run_task(worker, &run, found.task);
        else
            run_other(worker, found);
    }
}

void fl_worker_run_claimed(
    struct fl_worker *worker, filch_future *task, bool owned)
{
    struct fl_run run = fl_worker_run(worker);
    fl_strand_run(&worker->strand, &run, task, owned);
}
