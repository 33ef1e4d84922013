/* SPDX-License-Identifier: MIT */
#include "sched/fork.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/check.h"
#include "platform/clock.h"
#include "platform/futex.h"
#include "platform/process.h"

/* How many records are published at once, at most; how long a join polls, and
 * then sleeps, before it leaves its place to another worker. */
enum { AT_ONCE = 64, POLL_NS = 20000, PLACE_NS = 1000000 };

/* The owner's region, made when first needed; NULL: out of memory. */
static struct fl_region *own_region(struct fl_strand *strand)
{
    struct fl_region *region = load_relaxed(&strand->region);
    if (!region) {
        region = fl_region_new();
        /* release: whoever finds it finds it complete [FORK-steal] */
        store_release(&strand->region, region);
    }
    return region;
}

static struct fl_region *region_of(const struct fl_worker *worker)
{
    /* acquire: pairs with own_region() [FORK-steal] */
    return load_acquire(&worker->strand.region);
}

/* The run that a record belongs to: the innermost that began below it. */
static struct fl_run *run_of(struct fl_strand *strand, const char *record)
{
    struct fl_run *run = strand->innermost;
    while (!fl_region_is_nowhere(run->position) &&
           (const char *)run->position > record)
        run = run->outer;
    return run;
}

/* Publishes the oldest private records, those that begin below `until`. */
static void publish(
    struct fl_strand *strand, struct fl_region *region, const char *until)
{
    for (int i = 0; i < AT_ONCE && region->split < until; i++) {
        struct fl_record *record = (struct fl_record *)(void *)region->split;
        store_relaxed(&record->state, FL_RECORD_OPEN);
        store_relaxed(&record->thief, 0);
        record->link = run_of(strand, region->split);
        if (fl_deque_push(&region->deque, record))
            return; /* no memory: it stays private */
        region->split += record->type->bytes;
    }
}

/* Somebody sleeps, or was never started, who could take a fork. */
static bool is_anybody_hungry(struct fl_pool *pool)
{
    return fl_pool_has_idle(pool) ||
           (load_relaxed(&pool->places) > 0 &&
               load_relaxed(&pool->slots_used) < pool->most_threads);
}

/* Nothing to be stolen here, but somebody hungry: the next fork shall know. */
static void stay_poked(struct fl_pool *pool, struct fl_region *region)
{
    if (fl_deque_size(&region->deque) == 0 && is_anybody_hungry(pool))
        fl_region_poke(region);
}

/* Whoever waits for the stolen fork that runs here can help with its forks. */
static void wake_joiner(const struct fl_strand *strand)
{
    struct fl_record *record = strand->stolen;
    uint32_t state = FL_RECORD_AWAITED;
    if (record && load_relaxed(&record->state) == FL_RECORD_AWAITED &&
        cas_acq_rel(&record->state, &state, FL_RECORD_OPEN))
        fl_futex_wake(&record->state, 1);
}

/* Has been poked. Publishes the older half of the private records, or the only
 * one; they end at `top`. */
static void feed(struct fl_worker *worker, struct fl_region *region, char *top)
{
    struct fl_pool *pool = worker->pool;
    publish(&worker->strand, region,
        region->split + (top - region->split) / 2 + (top > region->split));
    fl_region_settle(region);
    fence_seq_cst(); /* who parks sees the forks, or pokes again [FORK-poke] */
    if (fl_deque_size(&region->deque) > 0) {
        wake_joiner(&worker->strand);
        fl_pool_notify(pool);
    }
    stay_poked(pool, region);
}

void fl_fork_offer(struct fl_worker *worker)
{
    struct fl_region *region = load_relaxed(&worker->strand.region);
    if (!region)
        return;
    const char *top = (char *)fl_region_top(region), *split;
    do {
        split = region->split;
        publish(&worker->strand, region, top);
    } while (region->split < top && region->split != split);
    fl_region_settle(region);
    fence_seq_cst(); /* as in feed() [FORK-wake] */
    if (fl_deque_size(&region->deque) > 0)
        wake_joiner(&worker->strand);
}

bool fl_fork_has_work(const struct fl_worker *worker)
{
    struct fl_region *region = region_of(worker);
    return region && fl_deque_size(&region->deque) > 0;
}

/* A fork that has run at once, as there was no room for it: its record is here
 * until the join. */
struct fl_in_place {
    struct fl_in_place *below;
    filch_ctx *before;                /* the position that it has not moved */
    struct filch_fork_record *record; /* aligned, in what follows */
};

static filch_ctx *position_after(const struct fl_in_place *fork)
{
    return (filch_ctx *)(void *)((char *)fl_region_nowhere() +
                                 fork->record->type->bytes);
}

static filch_ctx *run_in_place(struct fl_strand *strand, filch_ctx *cx,
    const struct filch_fork_record *made)
{
    struct fl_in_place *fork =
        malloc(sizeof *fork + FILCH_FORK_ALIGN + made->type->bytes);
    FL_CHECK(fork && "no memory for a fork's result", 0);
    uintptr_t at = (uintptr_t)(fork + 1) + FILCH_FORK_ALIGN - 1;
    fork->record = (void *)(at & ~(uintptr_t)(FILCH_FORK_ALIGN - 1));
    fork->before = cx;
    memcpy(fork->record, made, made->type->bytes);
    made->type->run(cx, fork->record);
    fork->below = strand->in_place;
    strand->in_place = fork;
    return position_after(fork);
}

static struct filch_joined join_in_place(
    struct fl_strand *strand, filch_ctx *cx, const struct filch_fork_type *type)
{
    struct fl_in_place *fork = strand->in_place;
    FL_CHECK(fork && fork->record->type == type && cx == position_after(fork),
        fork != NULL);
    strand->in_place = fork->below;
    free(strand->joined_in_place); /* its result has been read */
    strand->joined_in_place = fork;
    return (struct filch_joined){fork->record, fork->before};
}

/* Where a fork at a position goes; NULL: there is no room for it. */
static char *room_for(
    struct fl_region *region, filch_ctx *cx, const struct filch_fork_type *type)
{
    if (cx == fl_region_nowhere() && region)
        cx = fl_region_top(region);
    if (!region || fl_region_is_nowhere(cx) ||
        (size_t)(region->end - (char *)cx) < type->bytes)
        return NULL;
    return (char *)cx;
}

filch_ctx *filch_fork_slow(filch_ctx *cx, const struct filch_fork_record *made)
{
    struct fl_strand *strand = fl_strand_current;
    FL_CHECK(strand && "in a task", 0);
    struct fl_region *region = own_region(strand);
    char *record = room_for(region, cx, made->type);
    if (!record)
        return run_in_place(strand, cx, made);
    memcpy(record, made, made->type->bytes);
    char *top = record + made->type->bytes;
    if (!strand->worker)
        fl_region_settle(region);
    else if (fl_region_is_poked(region))
        feed(strand->worker, region, top);
    return (filch_ctx *)(void *)top;
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
    /* acquire: with the floor */
    uint32_t thief = load_acquire(&record->thief);
    if (!thief)
        return NULL; /* just stolen */
    struct fl_region *region =
        region_of(load_acquire(&worker->pool->slots[thief - 1]));
    int64_t top;
    if (!region)
        return NULL;
    struct fl_record *found = fl_deque_oldest(&region->deque, &top);
    if (!found) {
        fl_region_poke(region);
        return NULL;
    }
    /* acquire: if the floor is an older one, then the record is done */
    if (top < load_acquire(&region->floor) || is_done(record))
        return NULL;
    return fl_deque_steal_at(&region->deque, top) ? found : NULL;
}

/* Says that it is about to sleep. False: it is done. */
static bool announce(struct fl_record *record)
{
    uint32_t state = FL_RECORD_OPEN;
    if (!cas_acq_rel(&record->state, &state, FL_RECORD_AWAITED) &&
        is_done(record)) /* again: a CAS that fails acquires nothing */
        return false;
    fence_seq_cst(); /* the thief sees it, or we what it forked [FORK-wake] */
    return true;
}

static void retract(struct fl_record *record)
{
    uint32_t state = FL_RECORD_AWAITED;
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
    (void)sleep_on(record, INT64_MAX);
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
    struct fl_run *run = strand->innermost;
    if (!record->link)
        return;
    free(run->message);
    run->message = record->link;
}

/* A published record. True: nobody has stolen it. */
static bool take_back(struct fl_region *region, struct fl_record *record)
{
    struct fl_record *newest = fl_deque_take(&region->deque);
    FL_CHECK(!newest || newest == record, newest != NULL);
    return newest;
}

struct filch_joined filch_join_slow(
    filch_ctx *cx, const struct filch_fork_type *type)
{
    struct fl_strand *strand = fl_strand_current;
    FL_CHECK(strand && "in a task", 0);
    if (fl_region_is_nowhere(cx))
        return join_in_place(strand, cx, type);
    struct fl_worker *worker = strand->worker;
    struct fl_region *region = load_relaxed(&strand->region);
    char *at = (char *)cx - type->bytes;
    struct fl_record *record = (struct fl_record *)(void *)at;
    if (record->type != type)
        filch_fork_unjoined(type, (void *)record);
    const struct filch_joined private = {NULL, (filch_ctx *)(void *)at};
    if (at >= region->split) {
        if (worker)
            feed(worker, region, at);
        return private;
    }
    bool is_ours = take_back(region, record);
    if (!is_ours)
        await(worker, record);
    region->split = at;
    fl_region_settle(region);
    fence_seq_cst(); /* as in feed() [FORK-poke] */
    stay_poked(worker->pool, region);
    if (is_ours)
        return private;
    adopt_message(strand, record);
    return (struct filch_joined){(void *)record, private.cx};
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
    struct fl_region *region = load_relaxed(&strand->region);
    int64_t floor = region ? load_relaxed(&region->floor) : 0;
    if (region)
        store_relaxed(&region->floor, fl_deque_bottom(&region->deque));
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
    region = load_relaxed(&strand->region);
    if (region) /* release: who reads it sees the end [FORK-leapfrog] */
        store_release(&region->floor, floor);
}

/* The region of the i-th worker after this one; NULL: it has none. */
static struct fl_region *region_beside(
    struct fl_worker *worker, unsigned i, unsigned slots)
{
    /* acquire: pairs with the release in fl_worker_start */
    struct fl_worker *other =
        load_acquire(&worker->pool->slots[(worker->index + i) % slots]);
    return other ? region_of(other) : NULL;
}

static struct fl_record *steal_from(
    struct fl_worker *worker, struct fl_region *region)
{
    struct fl_record *record;
    bool lost;
    do {
        lost = false;
        record = fl_deque_steal(&region->deque, &lost);
    } while (lost);
    if (record)
        stay_poked(worker->pool, region);
    else
        fl_region_poke(region);
    return record;
}

struct fl_record *fl_fork_steal(struct fl_worker *worker)
{
    unsigned slots = load_relaxed(&worker->pool->slots_used);
    for (unsigned i = 1; i < slots; i++) {
        struct fl_region *region = region_beside(worker, i, slots);
        struct fl_record *record = region ? steal_from(worker, region) : NULL;
        if (record)
            return record;
    }
    return NULL;
}

void fl_fork_poke_all(struct fl_worker *worker)
{
    unsigned slots = load_relaxed(&worker->pool->slots_used);
    for (unsigned i = 1; i < slots; i++) {
        struct fl_region *region = region_beside(worker, i, slots);
        if (region)
            fl_region_poke(region);
    }
}

void fl_fork_free(struct fl_strand *strand)
{
    fl_region_free(load_relaxed(&strand->region));
    free(strand->joined_in_place);
}

void filch_fork_unjoined(
    const struct filch_fork_type *task, const struct filch_fork_record *left)
{
    char line[200];
    int length = snprintf(line, sizeof line,
        "filch: %s%s%s (%s) has not been joined\n", task ? "in " : "",
        task ? task->site : "", task ? ": the fork of" : "a fork of",
        left->type ? left->type->site : "?");
    fl_process_complain(line, (size_t)length);
    abort();
}
