/* SPDX-License-Identifier: MIT */
#include "backend/threads.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/process.h"
#include "sched/errand.h"
#include "sched/pool.h"
#include "sched/seat.h"
#include "sched/step.h"
#include "task/strand.h"

struct threads {
    struct filch_executor base;
    struct fl_pool pool;
};

static struct fl_pool *pool_of(const filch_executor *ex)
{
    return &((struct threads *)(uintptr_t)ex)->pool;
}

static int submit(
    filch_executor *ex, const struct fl_order *order, filch_future **future)
{
    return fl_pool_submit(pool_of(ex), order, future);
}

static size_t submit_many(filch_executor *ex, const struct fl_order *order,
    size_t stride, size_t count, filch_future **futures, int *error)
{
    return fl_pool_submit_many(
        pool_of(ex), order, stride, count, futures, error);
}

static int shut_down(filch_executor *ex, unsigned flags, int64_t deadline)
{
    return fl_pool_shutdown(pool_of(ex), flags, deadline);
}

static int each_worker(
    filch_executor *ex, filch_worker_fn *fn, void *arg, int64_t deadline)
{
    struct fl_errand errand = {.fn = fn, .arg = arg};
    int rc = fl_errand_send(pool_of(ex), &errand, deadline);
    fl_strand_put_message(errand.message);
    return rc;
}

static int release(filch_executor *ex)
{
    struct fl_pool *pool = pool_of(ex);
    if (pool->home->generation != fl_process_generation())
        return FILCH_EFORKED;
    fl_pool_release(pool);
    return 0;
}

static int step(filch_executor *ex)
{
    struct fl_pool *pool = pool_of(ex);
    if (!fl_pool_is_threadless(pool))
        return -EINVAL;
    if (pool->home->generation != fl_process_generation())
        return FILCH_EFORKED;
    return fl_step(pool);
}

static int count_workers(const filch_executor *ex)
{
    struct fl_pool *pool = pool_of(ex);
    uint32_t control = load_relaxed(&pool->control);
    return control & (FL_CONTROL_CLOSING | FL_CONTROL_BROKEN)
               ? 0
               : pool->setup.config.workers;
}

static int count_threads(const filch_executor *ex)
{
    return (int)fl_pool_threads(pool_of(ex));
}

static size_t count_pending(const filch_executor *ex)
{
    return fl_pool_pending(pool_of(ex));
}

static char *reason(filch_executor *ex)
{
    return fl_pool_reason(pool_of(ex));
}

static struct fl_home *home(const filch_executor *ex)
{
    return pool_of(ex)->home;
}

static const struct fl_backend backend = {
    .submit = submit,
    .submit_many = submit_many,
    .shutdown = shut_down,
    .each_worker = each_worker,
    .release = release,
    .step = step,
    .workers = count_workers,
    .threads = count_threads,
    .pending = count_pending,
    .reason = reason,
    .home = home,
};

static void free_threads(struct fl_pool *pool)
{
    free((char *)pool - offsetof(struct threads, pool));
}

static void set_name(struct fl_pool_setup *setup)
{
    static _Atomic unsigned count;
    if (setup->config.name)
        snprintf(setup->name, sizeof setup->name, "%s", setup->config.name);
    else
        snprintf(setup->name, sizeof setup->name, "filch-%u",
            fetch_add_relaxed(&count, 1) + 1);
    setup->config.name = NULL;
}

int fl_threads_open(filch_executor **ex, const struct filch_config *config)
{
    struct threads *threads = aligned_alloc(FL_CACHE_LINE, sizeof *threads);
    const char *backtrace = getenv("FILCH_BACKTRACE");
    struct fl_pool_setup setup = {.config = *config,
        .wants_backtrace = backtrace && strcmp(backtrace, "1") == 0};
    if (!threads)
        return -ENOMEM;
    memset(threads, 0, sizeof *threads);
    threads->base.backend = &backend;
    setup.executor = &threads->base;
    set_name(&setup);
    int rc = fl_pool_open(&threads->pool, &setup, free_threads);
    if (rc) {
        free(threads);
        return rc;
    }
    threads->base.most_threads = fl_pool_is_threadless(&threads->pool)
                                     ? FL_SEATS
                                     : threads->pool.most_threads;
    *ex = &threads->base;
    return 0;
}
