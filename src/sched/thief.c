/* SPDX-License-Identifier: MIT */
/* Forks of other workers: stolen, and run. */
#include "platform/futex.h"
#include "sched/fork.h"

/* A worker's forks may belong to a task of another executor, which it runs as
 * a guest. */
static int number_in(const struct fl_worker *worker, filch_executor *ex)
{
    return worker->pool->setup.executor == ex ? (int)worker->index : -1;
}

void fl_fork_run_stolen(struct fl_worker *worker, struct fl_record *record)
{
    struct fl_strand *strand = &worker->strand;
    const struct fl_run *theirs = record->link;
    struct fl_run run = {.task = theirs->task,
        .executor = theirs->executor,
        .control = theirs->control,
        .worker = number_in(worker, theirs->executor)};
    struct fl_region *region = strand->region;
    int64_t floor = load_relaxed(&region->floor);
    store_relaxed(&region->floor, fl_deque_bottom(&worker->forks));
    /* release: with the floor [FORK-leapfrog] */
    store_release(&record->thief, worker->index + 1);
    struct fl_record *outer = strand->stolen;
    strand->stolen = record;
    fl_strand_begin(strand, &run);
    record->type->run(run.position, (void *)record);
    if (fl_strand_current != strand)
        fl_thread_end(); /* it returned in a child of fork() */
    fl_strand_end(strand, &run);
    strand->stolen = outer;
    record->link = run.message;
    /* acq_rel: with the result; the last access [FORK-done] */
    if (exchange_acq_rel(&record->state, FL_RECORD_DONE) == FL_RECORD_AWAITED)
        fl_futex_wake(&record->state, 1);
    /* release: who reads it sees the end [FORK-leapfrog] */
    store_release(&region->floor, floor);
}

static struct fl_record *steal_from(struct fl_worker *victim)
{
    struct fl_record *record;
    bool lost;
    do {
        lost = false;
        record = fl_deque_steal(&victim->forks, &lost);
    } while (lost);
    if (record)
        fl_fork_stay_poked(victim);
    else
        fl_region_poke(victim->strand.region);
    return record;
}

/* The i-th worker after this one; NULL: it is just coming. */
static struct fl_worker *neighbour(
    struct fl_worker *worker, unsigned i, unsigned slots)
{
    /* acquire: pairs with the release in fl_worker_start */
    return load_acquire(&worker->pool->slots[(worker->index + i) % slots]);
}

struct fl_record *fl_fork_steal(struct fl_worker *worker)
{
    unsigned slots = load_relaxed(&worker->pool->slots_used);
    for (unsigned i = 1; i < slots; i++) {
        struct fl_worker *victim = neighbour(worker, i, slots);
        struct fl_record *record = victim ? steal_from(victim) : NULL;
        if (record)
            return record;
    }
    return NULL;
}

void fl_fork_poke_all(struct fl_worker *worker)
{
    unsigned slots = load_relaxed(&worker->pool->slots_used);
    for (unsigned i = 1; i < slots; i++) {
        struct fl_worker *other = neighbour(worker, i, slots);
        if (other)
            fl_region_poke(other->strand.region);
    }
}
