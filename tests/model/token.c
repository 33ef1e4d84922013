/* SPDX-License-Identifier: MIT */
/* Tokens and timers: what is cancelled does not start, a signal handler's
 * cancellation goes all the way down, what is due fires once. */
#include "model.h"

#include <stdlib.h>

#include "platform/futex.h"
#include "sched/heap.h"
#include "task/ctx.h"
#include "task/plan.h"
#include "task/timekeeper.h"

static struct estate {
    struct fl_home home;
    struct fl_heap heap;
} * estate;
static filch_future *task;
static struct filch_token *root, *below;
static int was_run, was_destroyed;

static void destroy(struct fl_arena *arena)
{
    struct estate *gone = (struct estate *)(void *)arena;
    fl_timers_free(&gone->home.timers);
    fl_slab_unmap(&gone->heap.wide);
    free(gone);
    was_destroyed++;
}

static int work(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    was_run++;
    return 0;
}

static struct filch_token *new_token(struct filch_token *parent)
{
    struct filch_token *token = NULL;
    MODEL_MUST(fl_token_open(&token, parent, INT64_MAX) == 0);
    return token;
}

static void begin_tree(void)
{
    root = new_token(NULL);
    below = NULL;
}

/* The tree changes while it is cancelled. */
static void grow(void)
{
    below = new_token(root);
}

static void cancel_in_signal(void)
{
    fl_token_mark_in_signal(root);
}

static void end_tree(void)
{
    MODEL_MUST(fl_token_word(root) == FL_TOKEN_CANCELLED);
    MODEL_MUST(fl_token_word(below) == FL_TOKEN_CANCELLED);
    fl_token_release(below);
    fl_token_release(root);
}

/* A token that exists while the tree changes in another place. */
static void begin_with_sibling(void)
{
    begin_tree();
    below = new_token(root);
}

static void grow_and_shrink(void)
{
    fl_token_release(new_token(root));
}

static void cancel_by_hand(void)
{
    fl_token_cancel(root);
    MODEL_MUST(fl_token_word(below) == FL_TOKEN_CANCELLED);
}

static void new_estate(void)
{
    estate = aligned_alloc(FL_CACHE_LINE, sizeof *estate);
    estate->home = (struct fl_home){.generation = 1};
    fl_arena_init(&estate->home.arena, destroy);
    fl_heap_init(&estate->heap, &estate->home.arena);
}

static void begin_with(
    const struct filch_submit_options *options, unsigned references)
{
    const struct fl_order order = {.fn = (filch_any_fn)work,
        .site = "work\0token.c:1",
        .kind = FILCH_FN_TASK,
        .options = options};
    was_run = was_destroyed = 0;
    new_estate();
    fl_slab_own(&estate->heap);
    task = fl_heap_alloc(&estate->heap, &order);
    fl_task_init(task, &order, references);
    MODEL_MUST(fl_task_take_options(task, &order) == 0);
    fl_slab_own(NULL);
    fl_slab_close(&estate->heap.wide);
}

/* The executor goes. */
static void end_estate(void)
{
    MODEL_MUST(was_destroyed == 0);
    fl_timekeeper_forget(&estate->home.timers);
    fl_arena_release(&estate->home.arena);
    MODEL_MUST(was_destroyed == 1);
}

/* A task in the hands of a worker that has just taken it out of a queue. */
static void begin_task(void)
{
    const struct filch_submit_options options = {.token = new_token(NULL)};
    root = options.token;
    begin_with(&options, 1);
}

/* One whose next time is never, unless it is cancelled. */
static void begin_period(void)
{
    const struct filch_submit_options options = {
        .not_before = 1, .period = INT64_MAX};
    begin_with(&options, 2);
    MODEL_MUST(fl_task_claim(task));
}

static void run_and_repeat(void)
{
    struct fl_run now = {0};
    fl_task_run(&now, task, true);
    fl_timekeeper_end();
}

static void cancel_series(void)
{
    if (!fl_task_cancel(task) && fl_plan_make_last(task))
        (void)fl_task_cancel(task);
    fl_task_release(task);
}

static void end_period(void)
{
    MODEL_MUST(was_run == 1);
    end_estate();
}

static void run(void)
{
    struct fl_run now = {0};
    if (!fl_task_claim_owned(task))
        fl_task_release(task);
    else
        fl_task_run(&now, task, true);
}

static void cancel_root(void)
{
    fl_token_cancel(root);
}

static void end_task(void)
{
    MODEL_MUST(was_run <= 1);
    end_estate();
    fl_token_release(root);
}

/* A timer of the test's own. */
static struct fl_timer timer;
static int was_fired;

static bool hold(struct fl_timer *due)
{
    return due == &timer;
}

static void fire(struct fl_timer *due)
{
    MODEL_MUST(due == &timer);
    was_fired++;
}

static const struct fl_timer_kind kind = {hold, fire};

static void begin_timer(void)
{
    timer = (struct fl_timer){.kind = &kind};
    was_fired = 0;
}

static void add(void)
{
    MODEL_MUST(fl_timers_add(&fl_timers_common, &timer, 1) == 0);
}

static void add_and_remove(void)
{
    add();
    if (fl_timers_remove(&fl_timers_common, &timer))
        was_fired++;
    fl_timekeeper_end();
    MODEL_MUST(was_fired == 1);
}

/* A timer that is due far in the future, then one that is due: does the
 * timekeeper, which may be asleep for the first, hear of the second? */
static struct fl_timer far;
static _Atomic uint32_t word;

static void fire_word(struct fl_timer *due)
{
    MODEL_MUST(due == &timer);
    store_release(&word, 1);
    fl_futex_wake(&word, 1);
}

static const struct fl_timer_kind word_kind = {hold, fire_word};

static void begin_word(void)
{
    timer = (struct fl_timer){.kind = &word_kind};
    far = (struct fl_timer){.kind = &word_kind};
    store_relaxed(&word, 0);
}

static void add_two(void)
{
    MODEL_MUST(fl_timers_add(&fl_timers_common, &far, INT64_MAX) == 0);
    MODEL_MUST(fl_timers_add(&fl_timers_common, &timer, 1) == 0);
    while (load_acquire(&word) == 0)
        fl_futex_wait(&word, 0, INT64_MAX);
    MODEL_MUST(fl_timers_remove(&fl_timers_common, &far));
    fl_timekeeper_end();
}

static void end_timers(void)
{
    fl_timers_free(&fl_timers_common);
}

static const struct model_scene scenes[] = {
    {.name = "token/signal",
        .begin = begin_tree,
        .play = {grow, cancel_in_signal},
        .end = end_tree,
        .preemptions = 3},
    {.name = "token/signal_beside",
        .begin = begin_with_sibling,
        .play = {grow_and_shrink, cancel_in_signal},
        .end = end_tree},
    {.name = "token/hand",
        .begin = begin_with_sibling,
        .play = {grow_and_shrink, cancel_by_hand},
        .end = end_tree},
    {.name = "token/task",
        .begin = begin_task,
        .play = {run, cancel_root},
        .end = end_task},
    {.name = "token/period",
        .begin = begin_period,
        .play = {run_and_repeat, cancel_series},
        .end = end_period},
    {.name = "token/timer",
        .begin = begin_timer,
        .play = {add_and_remove},
        .end = end_timers},
    {.name = "token/timers",
        .begin = begin_word,
        .play = {add_two},
        .end = end_timers},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
