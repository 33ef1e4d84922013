/* SPDX-License-Identifier: MIT */
/* A join of a fork that others could see: see README.md, [FORK-leapfrog]. */
#include <errno.h>

#include "concurrent/thunk.h"
#include "platform/check.h"
#include "platform/clock.h"
#include "platform/futex.h"
#include "sched/fork.h"
#include "task/in_place.h"

/* How long a join polls, and then sleeps, before it leaves its place to another
 * worker. */
enum { POLL_NS = 20000, PLACE_NS = 1000000 };

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
    /* pairs with the thief's exchange [FORK-done], and with who wakes us */
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
    fl_region_settle(region);
    fence_seq_cst(); /* as in fl_fork_feed() [FORK-poke] */
    fl_fork_stay_poked(worker);
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
    if (fl_in_place_is_at(region, at))
        return fl_in_place_join(region, cx, type);
    if (record->type != type)
        filch_fork_unjoined(type, record);
    FL_DEBUG_CHECK(fl_fork_is_sane(strand, (char *)cx), 0);
    if (at < region->split) {
        bool done = join_published(strand->worker, (void *)at);
        return (struct filch_joined){done ? record : NULL, (void *)at};
    }
    if (strand->worker && fl_region_is_poked(region) && !region->in_place)
        fl_fork_feed(strand->worker, at);
    return (struct filch_joined){NULL, (void *)at};
}

FL_THUNK(filch_join_thunk, filch_join_slow);
