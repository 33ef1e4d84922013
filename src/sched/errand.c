/* SPDX-License-Identifier: MIT */
#include "sched/errand.h"

#include <errno.h>
#include <stdlib.h>

#include "concurrent/time.h"
#include "platform/futex.h"
#include "platform/process.h"
#include "sched/worker.h"

/* Of a worker that has ended. */
static struct fl_errand closed;

/* One at a time: a lock with a deadline. */
static int enter(struct fl_pool *pool, int64_t deadline)
{
    /* acquire: pairs with leave() */
    while (exchange_acquire(&pool->errand_sent, 1))
        if (fl_time_wait(&pool->errand_sent, 1, deadline) == -ETIMEDOUT)
            return -ETIMEDOUT;
    return 0;
}

static void leave(struct fl_pool *pool)
{
    exchange_release(&pool->errand_sent, 0); /* pairs with enter() */
    fl_futex_wake(&pool->errand_sent, 1);
}

/* Tokens were taken in vain: somebody may have relied on them. */
static void look_again(struct fl_pool *pool)
{
    fence_seq_cst(); /* [WAKE-token] */
    if (fl_pool_has_work(pool))
        fl_pool_notify(pool);
}

/* It begins as a searcher, with a place: both are counted before. */
static int start_one(struct fl_pool *pool)
{
    fetch_add_relaxed(&pool->searching, 1);
    fetch_sub_relaxed(&pool->places, 1);
    int rc = fl_worker_start(pool);
    if (rc) {
        fetch_add_relaxed(&pool->places, 1);
        fetch_sub_acq_rel(&pool->searching, 1); /* [WAKE-token] */
    }
    return rc;
}

static int start_all(struct fl_pool *pool)
{
    int rc = 0;
    fl_lock_take(&pool->start_lock);
    while (!rc && load_relaxed(&pool->slots_used) <
                      (uint32_t)pool->setup.config.workers)
        rc = start_one(pool);
    fl_lock_drop(&pool->start_lock);
    if (rc)
        look_again(pool);
    return rc;
}

/* Wakes this one, if it sleeps: as wake_each() in shutdown.c. */
static void wake(
    struct fl_worker *worker, struct fl_parking *parking, int32_t places)
{
    struct fl_pool *pool = worker->pool;
    fetch_add_relaxed(&pool->searching, 1);
    if (fl_parking_retract(parking, worker->index)) {
        fetch_sub_relaxed(&pool->places, places);
        fl_spot_wake(&worker->spot);
    } else {
        fetch_sub_acq_rel(&pool->searching, 1); /* [WAKE-token] */
    }
}

static void put_down(struct fl_errand *errand)
{
    /* acq_rel: the last one, and who waits, see what all have done: pairs
     * with wait_until_done() [ERRAND] */
    if (fetch_sub_acq_rel(&errand->left, 1) == 1)
        fl_futex_wake(&errand->left, 1);
}

/* Takes the message. */
static void fail(
    struct fl_errand *errand, unsigned worker, int code, char *message)
{
    fl_lock_take(&errand->lock);
    if (!errand->code || worker < errand->worker) {
        char *other = errand->message;
        errand->worker = worker;
        errand->code = code;
        errand->message = message;
        message = other;
    }
    fl_lock_drop(&errand->lock);
    free(message);
}

static void hand_to(struct fl_worker *worker, struct fl_errand *errand)
{
    struct fl_errand *none = NULL;
    /* acq_rel: the worker sees the errand [ERRAND] */
    if (cas_acq_rel(&worker->errand, &none, errand))
        return;
    /* acquire: it has ended; why, must be seen (a CAS that fails acquires
     * nothing) [ERRAND] */
    (void)load_acquire(&worker->errand);
    fail(errand, worker->index, fl_pool_refusal(worker->pool), NULL);
    put_down(errand);
}

static struct fl_worker *worker_at(struct fl_pool *pool, unsigned i)
{
    return load_acquire(&pool->slots[i]); /* [POOL-slots] */
}

static void hand_out(
    struct fl_pool *pool, struct fl_errand *errand, unsigned count)
{
    store_relaxed(&errand->left, count);
    for (unsigned i = 0; i < count; i++)
        hand_to(worker_at(pool, i), errand);
    for (unsigned i = 0; i < count; i++) {
        wake(worker_at(pool, i), &pool->idle, 0);
        wake(worker_at(pool, i), &pool->dormant, 1);
    }
    look_again(pool);
}

static void take_back(
    struct fl_pool *pool, struct fl_errand *errand, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct fl_errand *ours = errand;
        /* the worker, or we: one has it [ERRAND] */
        if (cas_acq_rel(&worker_at(pool, i)->errand, &ours, NULL))
            put_down(errand);
    }
}

static int wait_until_done(struct fl_errand *errand, int64_t deadline)
{
    uint32_t left;
    /* acquire: with what all have done; pairs with put_down() */
    while ((left = load_acquire(&errand->left)) > 0)
        if (fl_time_wait(&errand->left, left, deadline) == -ETIMEDOUT)
            return -ETIMEDOUT;
    return 0;
}

static int send_entered(
    struct fl_pool *pool, struct fl_errand *errand, int64_t deadline)
{
    int rc = start_all(pool);
    if (rc)
        return rc;
    /* acquire: with the slots [POOL-slots] */
    unsigned count = load_acquire(&pool->slots_used);
    hand_out(pool, errand, count);
    rc = wait_until_done(errand, deadline);
    if (rc) {
        take_back(pool, errand, count);
        (void)wait_until_done(errand, INT64_MAX);
    }
    return rc ? rc : errand->code;
}

int fl_errand_send(
    struct fl_pool *pool, struct fl_errand *errand, int64_t deadline)
{
    if (pool->home->generation != fl_process_generation())
        return FILCH_EFORKED;
    if (fl_strand_current)
        return -EDEADLK;
    int rc = fl_pool_refusal(pool);
    if (!rc)
        rc = enter(pool, deadline);
    if (rc)
        return rc;
    rc = send_entered(pool, errand, deadline);
    leave(pool);
    return rc;
}

struct fl_errand *fl_errand_take_slow(struct fl_worker *worker)
{
    /* acquire: pairs with hand_to() */
    return exchange_acquire(&worker->errand, NULL);
}

void fl_errand_run(struct fl_worker *worker, struct fl_errand *errand)
{
    struct fl_run run = fl_worker_run(worker);
    fl_strand_begin(&worker->strand, &run);
    int rc = errand->fn(run.position, errand->arg);
    if (fl_strand_current != &worker->strand)
        fl_thread_end(); /* it returned in a child of fork() */
    fl_strand_end(&worker->strand, &run);
    if (rc < 0)
        fail(errand, worker->index, rc, run.message);
    else
        free(run.message);
    put_down(errand);
}

void fl_errand_close(struct fl_worker *worker)
{
    /* acq_rel: with the errand; whoever finds it closed sees why [ERRAND] */
    struct fl_errand *errand = exchange_acq_rel(&worker->errand, &closed);
    if (errand) {
        fail(errand, worker->index, fl_pool_refusal(worker->pool), NULL);
        put_down(errand);
    }
}
