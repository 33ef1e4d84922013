/* SPDX-License-Identifier: MIT */
/* A worker's thread: its start, its hooks, its end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/overflow.h"
#include "sched/crash.h"
#include "sched/errand.h"
#include "sched/find.h"

enum { DEQUE_CAPACITY = 256, FORKS_CAPACITY = 64 };

static int call_start_hook(struct fl_worker *worker)
{
    const struct filch_config *config = &worker->pool->setup.config;
    struct fl_run run = fl_worker_run(worker);
    if (!config->on_start)
        return 0;
    fl_strand_begin(&worker->strand, &run);
    int rc = config->on_start(run.position, config->data);
    fl_strand_end(&worker->strand, &run);
    if (rc < 0)
        fl_pool_break(worker->pool, rc, run.message);
    else
        free(run.message);
    return rc < 0 ? rc : 0;
}

static void call_stop_hook(struct fl_worker *worker)
{
    const struct filch_config *config = &worker->pool->setup.config;
    struct fl_run run = fl_worker_run(worker);
    if (!config->on_stop)
        return;
    fl_strand_begin(&worker->strand, &run);
    config->on_stop(run.position, config->data);
    fl_strand_end(&worker->strand, &run);
    free(run.message);
}

static void set_name(struct fl_worker *worker)
{
    /* The number stays, the name is cut. */
    char name[FL_THREAD_NAME_BYTES];
    char number[12];
    int digits = snprintf(number, sizeof number, "_%u", worker->index);
    snprintf(name, sizeof name, "%.*s%s", (int)sizeof name - 1 - digits,
        worker->pool->setup.name, number);
    fl_thread_set_name(name);
}

static void *worker_main(void *arg)
{
    struct fl_worker *worker = arg;
    struct fl_pool *pool = worker->pool;
    fl_lock_take(&pool->start_lock); /* until whoever started us is done */
    fl_lock_drop(&pool->start_lock);
    set_name(worker);
    worker->strand.stack_low = fl_thread_stack_low();
    fl_overflow_watch(worker->strand.stack_low, fl_crash_tell);
    fl_strand_current = &worker->strand;
    fl_slab_own(worker->heap);
    if (call_start_hook(worker) == 0) {
        fl_worker_run_all(worker);
        call_stop_hook(worker);
    } else {
        fl_worker_end_search(worker);
    }
    fl_errand_close(worker);
    fetch_add_relaxed(&pool->places, 1);
    fl_slab_own(NULL);
    fl_overflow_unwatch();
    fl_pool_drop_live(pool, FL_LIVE_THREAD); /* both may be gone now */
    fl_strand_current = NULL;
    return NULL;
}

static int init_queues(struct fl_worker *worker)
{
    worker->strand.region = fl_region_new();
    if (!worker->strand.region)
        return -ENOMEM;
    if (fl_deque_init(&worker->deque, DEQUE_CAPACITY) == 0) {
        if (fl_deque_init(&worker->forks, FORKS_CAPACITY) == 0) {
            /* the first fork looks who is hungry */
            fl_region_poke(worker->strand.region);
            return 0;
        }
        fl_deque_free(&worker->deque);
    }
    fl_region_free(worker->strand.region);
    return -ENOMEM;
}

static struct fl_worker *new_worker(struct fl_pool *pool, unsigned index)
{
    struct fl_worker *worker = aligned_alloc(FL_CACHE_LINE, sizeof *worker);
    if (!worker)
        return NULL;
    memset(worker, 0, sizeof *worker);
    if (init_queues(worker)) {
        free(worker);
        return NULL;
    }
    worker->pool = pool;
    worker->index = index;
    worker->heap = &pool->heaps[pool->door_count + index];
    worker->random = 2654435769U * (index + 1);
    worker->is_searching = true;
    worker->until_fair = FL_FAIRNESS;
    worker->strand.worker = worker;
    worker->strand.pool = pool;
    worker->strand.index = index;
    worker->strand.pool_threads = pool->most_threads;
    worker->strand.stack_bytes = pool->setup.config.stack_bytes;
    atomic_init(&worker->is_looking, true);
    fl_spot_init(&worker->spot);
    fl_heap_init(worker->heap, &pool->home->arena);
    return worker;
}

void fl_worker_join(struct fl_worker *worker)
{
    if (!worker->is_joined)
        fl_thread_join(&worker->thread);
    worker->is_joined = true;
}

void fl_worker_free(struct fl_worker *worker)
{
    fl_deque_free(&worker->deque);
    fl_deque_free(&worker->forks);
    fl_region_free(worker->strand.region);
    free(worker);
}

int fl_worker_start(struct fl_pool *pool)
{
    unsigned index = load_relaxed(&pool->slots_used);
    if (index >= pool->most_threads)
        return -EAGAIN;
    struct fl_worker *worker = new_worker(pool, index);
    if (!worker)
        return -ENOMEM;
    fetch_add_relaxed(&pool->live, FL_LIVE_THREAD);
    int rc = fl_thread_start(
        &worker->thread, worker_main, worker, pool->setup.config.stack_bytes);
    if (rc) {
        fl_pool_drop_live(pool, FL_LIVE_THREAD);
        fl_worker_free(worker);
        return rc;
    }
    /* release: who finds the worker finds it complete [POOL-slots] */
    store_release(&pool->slots[index], worker);
    store_release(&pool->slots_used, index + 1);
    return 0;
}
