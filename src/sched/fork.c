/* SPDX-License-Identifier: MIT */
/* A fork when somebody is hungry, or there is no room. */
#include "sched/fork.h"

#include "concurrent/thunk.h"
#include "platform/check.h"
#include "platform/futex.h"
#include "task/in_place.h"

/* How many records are published at once, at most. */
enum { AT_ONCE = 64 };

/* The run that a record belongs to: the innermost that began below it. */
static struct fl_run *run_of(struct fl_strand *strand, const char *record)
{
    struct fl_run *run = strand->innermost;
    while ((const char *)run->position > record)
        run = run->outer;
    return run;
}

/* Publishes the oldest private records, those that begin below `until`. */
static void publish(struct fl_worker *worker, const char *until)
{
    struct fl_region *region = worker->strand.region;
    for (int i = 0; i < AT_ONCE && region->split < until; i++) {
        struct fl_record *record = (struct fl_record *)(void *)region->split;
        store_relaxed(&record->state, FL_RECORD_OPEN);
        store_relaxed(&record->thief, 0);
        record->link = run_of(&worker->strand, region->split);
        /* with all that has been written to it [FORK-steal] */
        if (fl_deque_push(&worker->forks, record))
            return; /* no memory: it stays private */
        region->split += record->type->bytes;
    }
}

bool fl_fork_is_sane(struct fl_strand *strand, const char *top)
{
    return fl_region_is_sane(strand->region, top) &&
           (!strand->worker || fl_deque_is_sane(&strand->worker->forks));
}

/* Somebody sleeps, or was never started, who could take a fork. */
static bool is_anybody_hungry(struct fl_pool *pool)
{
    return fl_pool_has_idle(pool) ||
           (load_relaxed(&pool->places) > 0 &&
               load_relaxed(&pool->slots_used) < pool->most_threads);
}

void fl_fork_stay_poked(struct fl_worker *worker)
{
    if (fl_deque_size(&worker->forks) == 0 && is_anybody_hungry(worker->pool))
        fl_region_poke(worker->strand.region);
}

/* Whoever waits for the stolen fork that runs here can help with its forks. */
static void wake_joiner(const struct fl_strand *strand)
{
    struct fl_record *record = strand->stolen;
    uint32_t state = FL_RECORD_AWAITED;
    /* pairs with announce(), by the fence before this [FORK-wake] */
    if (record && load_relaxed(&record->state) == FL_RECORD_AWAITED &&
        cas_acq_rel(&record->state, &state, FL_RECORD_OPEN))
        fl_futex_wake(&record->state, 1);
}

void fl_fork_feed(struct fl_worker *worker, char *top)
{
    struct fl_region *region = worker->strand.region;
    const char *split = region->split;
    publish(worker, split + (top - split) / 2 + (top > split));
    fl_region_settle(region);
    fence_seq_cst(); /* who parks sees the forks, or pokes again [FORK-poke] */
    if (fl_deque_size(&worker->forks) > 0) {
        wake_joiner(&worker->strand);
        fl_pool_notify(worker->pool);
    }
    fl_fork_stay_poked(worker);
}

void fl_fork_offer(struct fl_worker *worker)
{
    struct fl_region *region = worker->strand.region;
    const char *top = (char *)fl_region_top(region), *split;
    do {
        split = region->split;
        publish(worker, top);
    } while (region->split < top && region->split != split);
    fl_region_settle(region);
    fence_seq_cst(); /* as in fl_fork_feed() [FORK-wake] */
    if (fl_deque_size(&worker->forks) > 0)
        wake_joiner(&worker->strand);
}

bool fl_fork_has_work(struct fl_worker *worker)
{
    return fl_deque_size(&worker->forks) > 0;
}

filch_ctx *filch_fork_slow(filch_ctx *top, const struct filch_fork_type *type)
{
    struct fl_strand *strand = fl_strand_current;
    char *end = (char *)top, *at = end - type->bytes;
    FL_CHECK(strand && "in a task", 0);
    if (end > strand->region->end)
        return fl_in_place_run(
            strand->region, strand->innermost, (void *)at, type);
    FL_DEBUG_CHECK(fl_fork_is_sane(strand, end), 0);
    if (strand->worker && fl_region_is_poked(strand->region))
        fl_fork_feed(strand->worker, end);
    return top;
}

FL_THUNK(filch_fork_thunk, filch_fork_slow);
