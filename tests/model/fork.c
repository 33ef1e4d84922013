/* SPDX-License-Identifier: MIT */
/* Fork and join between two workers: one forks, the other one steals. Each
 * fork runs once, its join sees what it did, nobody sleeps for ever. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "platform/futex.h"
#include "sched/fork.h"

enum { OWNER, THIEF, WORKERS };

static struct fl_pool *pool;
static struct fl_worker *workers[WORKERS];
static _Atomic uint32_t control;

static struct fl_worker *make_worker(unsigned index)
{
    struct fl_worker *worker = aligned_alloc(FL_CACHE_LINE, sizeof *worker);
    memset(worker, 0, sizeof *worker);
    worker->pool = pool;
    worker->index = index;
    worker->strand = (struct fl_strand){.region = fl_region_new(),
        .pool = pool,
        .worker = worker,
        .index = index,
        .pool_threads = WORKERS};
    MODEL_MUST(fl_deque_init(&worker->deque, 2) == 0);
    MODEL_MUST(fl_deque_init(&worker->forks, 2) == 0);
    fl_region_poke(worker->strand.region);
    fl_spot_init(&worker->spot);
    atomic_init(&pool->slots[index], worker);
    return worker;
}

static void begin(void)
{
    pool = aligned_alloc(FL_CACHE_LINE, sizeof *pool);
    memset(pool, 0, sizeof *pool);
    pool->setup.config.workers = WORKERS;
    pool->most_threads = WORKERS;
    pool->slots = calloc(WORKERS, sizeof *pool->slots);
    atomic_init(&pool->slots_used, WORKERS);
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i] = make_worker(i);
}

static void end(void)
{
    for (unsigned i = 0; i < WORKERS; i++)
        fl_worker_free(workers[i]);
    free(pool->slots);
    free(pool);
}

/* What a worker does while it runs a task. */
static void run(int which, int (*task)(filch_ctx *cx))
{
    struct fl_strand *strand = &workers[which]->strand;
    struct fl_run now = {.control = &control};
    fl_strand_current = strand;
    fl_strand_begin(strand, &now);
    MODEL_MUST(task(now.position) == 0);
    fl_strand_end(strand, &now);
    fl_strand_current = NULL;
}

struct leaf {
    int runs;
};

static int run_leaf(filch_ctx *cx, void *frame)
{
    struct leaf *leaf = frame;
    (void)cx;
    return ++leaf->runs;
}

static void join_leaf(filch_ctx **cx, const struct leaf *leaf)
{
    MODEL_MUST(filch_join(cx) == 1);
    MODEL_MUST(leaf->runs == 1);
}

static int fork_one(filch_ctx *cx)
{
    struct leaf a = {0};
    filch_fork(&cx, run_leaf, &a);
    join_leaf(&cx, &a);
    return 0;
}

static int fork_two(filch_ctx *cx)
{
    struct leaf a = {0}, b = {0};
    filch_fork(&cx, run_leaf, &a);
    filch_fork(&cx, run_leaf, &b);
    join_leaf(&cx, &b);
    join_leaf(&cx, &a);
    return 0;
}

/* No room for the second one: it runs at once, while a thief pokes. */
static void begin_full(void)
{
    begin();
    struct fl_region *region = workers[OWNER]->strand.region;
    region->end = (char *)fl_region_first(region) + FILCH_FORK_ALIGN;
    fl_region_settle(region);
}

/* A fork that forks: what the joiner finds at its thief. */
static int run_inner(filch_ctx *cx, void *frame)
{
    (void)frame;
    return fork_one(cx);
}

static int fork_inner(filch_ctx *cx)
{
    filch_fork(&cx, run_inner, NULL);
    MODEL_MUST(filch_join(&cx) == 0);
    return 0;
}

static void play_one(void)
{
    run(OWNER, fork_one);
}
static void play_two(void)
{
    run(OWNER, fork_two);
}
static void play_inner(void)
{
    run(OWNER, fork_inner);
}

static bool steal(void)
{
    struct fl_worker *thief = workers[THIEF];
    struct fl_record *record = fl_fork_steal(thief);
    if (record)
        fl_fork_run_stolen(thief, record);
    return record;
}

/* Two looks: the second one may find what the first one asked for. */
static void play_thief(void)
{
    fl_strand_current = &workers[THIEF]->strand;
    if (!steal())
        (void)steal();
    fl_strand_current = NULL;
}

/* Flags that are set once, and waited for. */
static _Atomic uint32_t forked, started, served;

static void set(_Atomic uint32_t *flag)
{
    store_release(flag, 1);
    fl_futex_wake(flag, WORKERS);
}

static void await_flag(_Atomic uint32_t *flag)
{
    while (!load_acquire(flag))
        fl_futex_wait(flag, 0, INT64_MAX);
}

static void begin_flags(void)
{
    begin();
    atomic_init(&forked, 0);
    atomic_init(&started, 0);
    atomic_init(&served, 0);
}

/* A thief with a fork of its own, older than what it steals: not for the one
 * that joins that. */
static struct leaf own;

static int run_own(filch_ctx *cx, void *frame)
{
    MODEL_MUST(fl_strand_current == &workers[THIEF]->strand);
    return run_leaf(cx, frame);
}

static int fork_own_and_steal(filch_ctx *cx)
{
    own.runs = 0;
    filch_fork(&cx, run_own, &own); /* published: the region is new */
    await_flag(&forked);
    (void)steal();
    MODEL_MUST(filch_join(&cx) == 1);
    return 0;
}

static void play_thief_with_own(void)
{
    run(THIEF, fork_own_and_steal);
}

/* Begins before its join does, and may end at any moment. */
static int start_and_wait(filch_ctx *cx, void *frame)
{
    (void)cx;
    (void)frame;
    set(&started);
    await_flag(&served);
    return 0;
}

static int join_what_has_started(filch_ctx *cx)
{
    filch_fork(&cx, start_and_wait, NULL);
    set(&forked);
    await_flag(&started);
    set(&served);
    return filch_join(&cx);
}

static void play_late(void)
{
    run(OWNER, join_what_has_started);
}

static int fork_early(filch_ctx *cx)
{
    struct leaf a = {0};
    filch_fork(&cx, run_leaf, &a);
    set(&forked);
    join_leaf(&cx, &a);
    return 0;
}

static void play_early(void)
{
    run(OWNER, fork_early);
}

/* It forks when its joiner may be asleep, and waits for the joiner to help. */
static int serve(filch_ctx *cx, void *frame)
{
    (void)cx;
    (void)frame;
    set(&served);
    return 0;
}

static int need_help(filch_ctx *cx, void *frame)
{
    (void)frame;
    set(&started);
    filch_fork(&cx, serve, NULL);
    await_flag(&served);
    return filch_join(&cx);
}

/* The same with a fork that is private until it blocks. */
static int need_help_blocking(filch_ctx *cx, void *frame)
{
    struct leaf a = {0};
    (void)frame;
    filch_fork(&cx, run_leaf, &a);
    join_leaf(&cx, &a);
    set(&started);
    filch_fork(&cx, serve, NULL);
    filch_blocking_enter();
    await_flag(&served);
    filch_blocking_leave();
    return filch_join(&cx);
}

static int join_and_help(filch_ctx *cx, filch_fork_fn *fn)
{
    filch_fork(&cx, fn, NULL);
    set(&forked);
    await_flag(&started);
    filch_blocking_enter(); /* it sleeps at once until it is woken */
    int rc = filch_join(&cx);
    filch_blocking_leave();
    return rc;
}

static int join_need_help(filch_ctx *cx)
{
    return join_and_help(cx, need_help);
}

static int join_need_help_blocking(filch_ctx *cx)
{
    return join_and_help(cx, need_help_blocking);
}

static void play_help(void)
{
    run(OWNER, join_need_help);
}

static void play_help_blocking(void)
{
    run(OWNER, join_need_help_blocking);
}

static void play_thief_once(void)
{
    fl_strand_current = &workers[THIEF]->strand;
    await_flag(&forked);
    MODEL_MUST(steal());
    fl_strand_current = NULL;
}

/* A task that blocks has offered its forks: whoever looks then finds them. */
static int fork_and_block(filch_ctx *cx)
{
    struct leaf a = {0};
    filch_fork(&cx, run_leaf, &a);
    join_leaf(&cx, &a);
    filch_fork(&cx, serve, NULL); /* private: nobody has poked since */
    filch_blocking_enter();
    set(&forked);
    await_flag(&served);
    int rc = filch_join(&cx);
    filch_blocking_leave();
    return rc;
}

static void play_block(void)
{
    run(OWNER, fork_and_block);
}

/* A worker goes to sleep while another one forks and joins: it is woken, or
 * the next fork will look for it. */
static int fork_settled(filch_ctx *cx)
{
    struct leaf a = {0}, b = {0};
    filch_fork(&cx, run_leaf, &a);
    join_leaf(&cx, &a);
    filch_fork(&cx, run_leaf, &b);
    join_leaf(&cx, &b);
    return 0;
}

static void play_settled(void)
{
    run(OWNER, fork_settled);
}

static void play_sleeper(void)
{
    struct fl_worker *sleeper = workers[THIEF];
    fl_parking_announce(&pool->idle, sleeper->index);
    fence_seq_cst();
    if (!fl_pool_has_work(pool))
        fl_fork_poke_all(sleeper);
    else
        (void)fl_parking_retract(&pool->idle, sleeper->index);
}

static void look_whether_told(void)
{
    struct fl_region *region = workers[OWNER]->strand.region;
    if (fl_pool_has_idle(pool))
        MODEL_MUST(fl_region_is_poked(region));
}

static void end_asleep(void)
{
    look_whether_told();
    end();
}

/* The same between fork and join. */
static filch_ctx *position;
static struct fl_run run_over;

static void play_fork_only(void)
{
    fl_strand_current = &workers[OWNER]->strand;
    run_over = (struct fl_run){.control = &control};
    own.runs = 0;
    fl_strand_begin(fl_strand_current, &run_over);
    position = run_over.position;
    filch_fork(&position, run_leaf, &own);
    fl_strand_current = NULL;
}

static void end_fork_only(void)
{
    look_whether_told();
    fl_strand_current = &workers[OWNER]->strand;
    join_leaf(&position, &own);
    fl_strand_end(fl_strand_current, &run_over);
    fl_strand_current = NULL;
    end();
}

static const struct model_scene scenes[] = {
    {.name = "fork/one",
        .begin = begin,
        .play = {play_one, play_thief},
        .end = end},
    {.name = "fork/two",
        .begin = begin,
        .play = {play_two, play_thief},
        .end = end,
        .stale = 1},
    {.name = "fork/full",
        .begin = begin_full,
        .play = {play_two, play_thief},
        .end = end,
        .stale = 1},
    {.name = "fork/inner",
        .begin = begin,
        .play = {play_inner, play_thief},
        .end = end,
        .stale = 1},
    {.name = "fork/own",
        .begin = begin_flags,
        .play = {play_late, play_thief_with_own},
        .end = end,
        .stale = 1},
    {.name = "fork/own_early",
        .begin = begin_flags,
        .play = {play_early, play_thief_with_own},
        .end = end,
        .stale = 1},
    {.name = "fork/help",
        .begin = begin_flags,
        .play = {play_help, play_thief_once},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "fork/help_blocking",
        .begin = begin_flags,
        .play = {play_help_blocking, play_thief_once},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "fork/block",
        .begin = begin_flags,
        .play = {play_block, play_thief_once},
        .end = end,
        .stale = 1},
    {.name = "fork/asleep",
        .begin = begin,
        .play = {play_settled, play_sleeper},
        .end = end_asleep,
        .stale = 1},
    {.name = "fork/asleep_between",
        .begin = begin,
        .play = {play_fork_only, play_sleeper},
        .end = end_fork_only},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
