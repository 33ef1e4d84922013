/* SPDX-License-Identifier: MIT */
#include "sched/fork.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "concurrent/thunk.h"
#include "platform/check.h"
#include "platform/clock.h"
#include "platform/futex.h"
#include "platform/process.h"

/* How many records are published at once, at most; how long a join polls, and
 * then sleeps, before it leaves its place to another worker. */
enum { AT_ONCE = 64, POLL_NS = 20000, PLACE_NS = 1000000 };
/* So far a debug build looks. */
enum { WALK_MOST = 1000 };

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

/* Do the records from split on end at `top`, where the zeroes begin? */
static bool end_at(const struct fl_region *region, const char *top)
{
    const char *at = region->split;
    for (int i = 0; i < WALK_MOST && at < top; i++) {
        const struct fl_record *record = (const void *)at;
        if (!record->type || record->type->bytes % FILCH_FORK_ALIGN)
            return false;
        at += record->type->bytes;
    }
    return at < top || !((const struct fl_record *)(const void *)at)->type;
}

/* The owner, at a slow fork or join, `top` behind the last record. */
static bool is_sane(struct fl_strand *strand, const char *top)
{
    struct fl_region *region = strand->region;
    uintptr_t limit = load_relaxed(&region->limit);
    uintptr_t guard = load_relaxed(&region->guard);
    return (limit == 0 || limit == (uintptr_t)region->end) &&
           (guard == UINTPTR_MAX || guard == (uintptr_t)region->split) &&
           region->split >= (char *)fl_region_first(region) &&
           region->split <= top && top <= region->end && end_at(region, top) &&
           (!strand->worker || fl_deque_is_sane(&strand->worker->forks));
}

/* Somebody sleeps, or was never started, who could take a fork. */
static bool is_anybody_hungry(struct fl_pool *pool)
{
    return fl_pool_has_idle(pool) ||
           (load_relaxed(&pool->places) > 0 &&
               load_relaxed(&pool->slots_used) < pool->most_threads);
}

/* Nothing to be stolen here, but somebody hungry: the next fork shall know. */
static void stay_poked(struct fl_worker *worker)
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

/* Back to normal: while forks have run in place, every join is slow. */
static void settle(const struct fl_strand *strand)
{
    if (strand->in_place)
        /* not a poke: a thief may be between its two stores */
        fl_region_slow_down(strand->region);
    else
        fl_region_settle(strand->region);
}

/* Has been poked. Publishes the older half of the private records, or the only
 * one; they end at `top`. */
static void feed(struct fl_worker *worker, char *top)
{
    const char *split = worker->strand.region->split;
    publish(worker, split + (top - split) / 2 + (top > split));
    settle(&worker->strand);
    fence_seq_cst(); /* who parks sees the forks, or pokes again [FORK-poke] */
    if (fl_deque_size(&worker->forks) > 0) {
        wake_joiner(&worker->strand);
        fl_pool_notify(worker->pool);
    }
    stay_poked(worker);
}

void fl_fork_offer(struct fl_worker *worker)
{
    struct fl_region *region = worker->strand.region;
    const char *top = (char *)fl_region_top(region), *split;
    do {
        split = region->split;
        publish(worker, top);
    } while (region->split < top && region->split != split);
    settle(&worker->strand);
    fence_seq_cst(); /* as in feed() [FORK-wake] */
    if (fl_deque_size(&worker->forks) > 0)
        wake_joiner(&worker->strand);
}

bool fl_fork_has_work(struct fl_worker *worker)
{
    return fl_deque_size(&worker->forks) > 0;
}

/* A fork that has run at once, as there was no room for it: its record is here
 * until the join. */
struct fl_in_place {
    struct fl_in_place *below;
    filch_ctx *before;                /* the position that it has not moved */
    struct filch_fork_record *record; /* aligned, in what follows */
};

/* Where such records seem to be. The next fork writes to what lies above. */
static char *place_of_those(const struct fl_region *region)
{
    return region->end + FILCH_FORK_MOST;
}

static filch_ctx *position_after(
    const struct fl_strand *strand, const struct fl_in_place *fork)
{
    return (filch_ctx *)(void *)(place_of_those(strand->region) +
                                 fork->record->type->bytes);
}

static struct fl_in_place *new_in_place(const struct filch_fork_type *type)
{
    struct fl_in_place *fork =
        malloc(sizeof *fork + FILCH_FORK_ALIGN + type->bytes);
    if (!fork)
        return NULL;
    uintptr_t at = (uintptr_t)(fork + 1) + FILCH_FORK_ALIGN - 1;
    fork->record = (void *)(at & ~(uintptr_t)(FILCH_FORK_ALIGN - 1));
    return fork;
}

/* NULL: no memory. */
static filch_ctx *run_in_place(struct fl_strand *strand,
    struct filch_fork_record *made, const struct filch_fork_type *type)
{
    struct fl_in_place *fork = new_in_place(type);
    if (!fork)
        return NULL;
    memcpy(fork->record, made, type->bytes);
    filch_fork_wipe(made, type->bytes);
    fork->before = (filch_ctx *)(void *)made;
    type->run(fork->before, fork->record);
    fork->below = strand->in_place;
    strand->in_place = fork;
    settle(strand);
    return position_after(strand, fork);
}

static struct filch_joined join_in_place(
    struct fl_strand *strand, filch_ctx *cx, const struct filch_fork_type *type)
{
    struct fl_in_place *fork = strand->in_place;
    if (fork->record->type != type || cx != position_after(strand, fork))
        filch_fork_unjoined(type, fork->record);
    strand->in_place = fork->below;
    free(strand->joined_in_place); /* its result has been read */
    strand->joined_in_place = fork;
    settle(strand);
    return (struct filch_joined){fork->record, fork->before};
}

filch_ctx *filch_fork_slow(filch_ctx *top, const struct filch_fork_type *type)
{
    struct fl_strand *strand = fl_strand_current;
    char *end = (char *)top, *at = end - type->bytes;
    FL_CHECK(strand && "in a task", 0);
    if (end > strand->region->end)
        return run_in_place(strand, (void *)at, type);
    FL_DEBUG_CHECK(is_sane(strand, end), 0);
    if (strand->worker && fl_region_is_poked(strand->region))
        feed(strand->worker, end);
    return top;
}

static bool is_done(struct fl_record *record)
{
    /* acquire: with the result [FORK-done] */
    return load_acquire(&record->state) == FL_RECORD_DONE;
}

/* The oldest fork of the thief that has the record, if it descends from that;
 * NULL: none. [FORK-leapfrog] */
static struct fl_record *leapfrog(
    struct fl_worker *worker, struct fl_record *record)
{
    /* acquire: with the floor [FORK-leapfrog] */
    uint32_t thief = load_acquire(&record->thief);
    if (!thief)
        return NULL; /* just stolen */
    /* acquire: pairs with the release in fl_worker_start() [POOL-slots] */
    struct fl_worker *other = load_acquire(&worker->pool->slots[thief - 1]);
    struct fl_region *region = other->strand.region;
    int64_t top;
    struct fl_record *found = fl_deque_oldest(&other->forks, &top);
    if (!found) {
        fl_region_poke(region);
        return NULL;
    }
    /* acquire: if the floor is an older one, then the record is done
     * [FORK-leapfrog] */
    if (top < load_acquire(&region->floor) || is_done(record))
        return NULL;
    return fl_deque_steal_at(&other->forks, top) ? found : NULL;
}

/* Says that it is about to sleep. False: it is done. */
static bool announce(struct fl_record *record)
{
    uint32_t state = FL_RECORD_OPEN;
    /* pairs with the thief's exchange [FORK-done], and wake_joiner() */
    if (!cas_acq_rel(&record->state, &state, FL_RECORD_AWAITED) &&
        is_done(record)) /* again: a CAS that fails acquires nothing */
        return false;
    fence_seq_cst(); /* the thief sees it, or we what it forked [FORK-wake] */
    return true;
}

static void retract(struct fl_record *record)
{
    uint32_t state = FL_RECORD_AWAITED;
    /* as in announce(); it may be done, or woken, by now [FORK-wake] */
    (void)cas_acq_rel(&record->state, &state, FL_RECORD_OPEN);
}

static int sleep_on(struct fl_record *record, int64_t deadline)
{
    return fl_futex_wait(&record->state, FL_RECORD_AWAITED, deadline);
}

/* Announced. The thief will wake us soon, if it forks; if not, the place is for
 * another one. */
static void sleep_announced(struct fl_worker *worker, struct fl_record *record)
{
    bool has_place = worker->blocking_depth == 0;
    if (has_place &&
        sleep_on(record, fl_clock_now_ns() + PLACE_NS) != -ETIMEDOUT)
        return;
    if (has_place)
        fl_worker_leave_place(worker);
    fl_strand_block_in_join(&worker->strand, record);
    (void)sleep_on(record, INT64_MAX);
    (void)fl_strand_unblock(&worker->strand);
    if (has_place)
        fl_worker_take_place_back(worker);
}

/* Runs what descends from it, meanwhile; polls for a moment, sleeps. */
static void await(struct fl_worker *worker, struct fl_record *record)
{
    struct fl_spin patience = {.budget_ns = POLL_NS};
    struct fl_spin_wait wait;
    fl_spin_begin(&wait, &patience);
    while (!is_done(record)) {
        struct fl_record *found = leapfrog(worker, record);
        if (!found && fl_spin_once(&wait))
            continue;
        if (!found) {
            if (!announce(record))
                return;
            found = leapfrog(worker, record);
            if (found)
                retract(record);
            else
                sleep_announced(worker, record);
        }
        if (found)
            fl_fork_run_stolen(worker, found);
        fl_spin_begin(&wait, &patience);
    }
}

/* A thief's message becomes that of the task that joins. */
static void adopt_message(struct fl_strand *strand, struct fl_record *record)
{
    if (record->link)
        fl_run_put_message(strand->innermost, record->link);
}

/* A published record. True: nobody has stolen it. */
static bool take_back(struct fl_worker *worker, struct fl_record *record)
{
    struct fl_record *newest = fl_deque_take(&worker->forks);
    FL_CHECK(!newest || newest == record, newest != NULL);
    return newest;
}

/* A published record: nobody has stolen it, and it is private again, or it is
 * done. True: done. */
static bool join_published(struct fl_worker *worker, struct fl_record *record)
{
    struct fl_region *region = worker->strand.region;
    bool is_ours = take_back(worker, record);
    if (!is_ours)
        await(worker, record);
    region->split = (char *)record;
    settle(&worker->strand);
    fence_seq_cst(); /* as in feed() [FORK-poke] */
    stay_poked(worker);
    if (!is_ours)
        adopt_message(&worker->strand, record);
    return !is_ours;
}

struct filch_joined filch_join_slow(
    filch_ctx *cx, const struct filch_fork_type *type)
{
    struct fl_strand *strand = fl_strand_current;
    FL_CHECK(strand && "in a task", 0);
    struct fl_region *region = strand->region;
    char *at = (char *)cx - type->bytes;
    struct filch_fork_record *record = (void *)at;
    if (at == place_of_those(region) && strand->in_place)
        return join_in_place(strand, cx, type);
    if (record->type != type)
        filch_fork_unjoined(type, record);
    FL_DEBUG_CHECK(is_sane(strand, (char *)cx), 0);
    if (at < region->split) {
        bool done = join_published(strand->worker, (void *)at);
        return (struct filch_joined){done ? record : NULL, (void *)at};
    }
    if (strand->worker && fl_region_is_poked(region) && !strand->in_place)
        feed(strand->worker, at);
    return (struct filch_joined){NULL, (void *)at};
}

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
        stay_poked(victim);
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

void fl_fork_free(struct fl_strand *strand)
{
    free(strand->joined_in_place);
    strand->joined_in_place = NULL;
}

void filch_fork_failed(const struct filch_fork_type *type)
{
    fl_check_failed(type->site, "there is memory for a fork", 0);
}

void filch_fork_unjoined(
    const struct filch_fork_type *task, const struct filch_fork_record *left)
{
    char line[400]; /* long names are cut */
    int length = snprintf(line, sizeof line,
        "filch: %s%.150s%s (%.150s) has not been joined\n", task ? "in " : "",
        task ? task->site : "", task ? ": the fork of" : "a fork of",
        left->type ? left->type->site : "?");
    fl_process_complain(line, (size_t)length);
    abort();
}

FL_THUNK(filch_fork_thunk, filch_fork_slow);
FL_THUNK(filch_join_thunk, filch_join_slow);
