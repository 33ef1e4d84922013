/* SPDX-License-Identifier: MIT */
/* A task's end: each waiter sees the outcome, each callback is called once,
 * the memory goes back once, after everybody's last use. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>

#include "sched/heap.h"
#include "task/ctx.h"
#include "task/hook.h"
#include "task/report.h"
#include "task/waiter.h"

static struct estate {
    struct fl_home home;
    struct fl_heap heap;
} * estate;
static filch_future *task;
static int was_run, was_told, was_destroyed, arg;

static void destroy(struct fl_arena *arena)
{
    struct estate *gone = (struct estate *)(void *)arena;
    fl_slab_unmap(&gone->heap.small);
    free(gone);
    was_destroyed++;
}

static int work(filch_ctx *cx, void *given, void *result)
{
    (void)cx;
    MODEL_MUST(given == &arg);
    was_run++;
    *(int *)result = 42;
    return 0;
}

/* A pending task; the executor is closed, so that the task is all there is. */
static void begin_with(unsigned references)
{
    const struct fl_order order = {.fn = (filch_any_fn)work,
        .site = "work\0task.c:1",
        .kind = FILCH_FN_TASK,
        .arg = &arg};
    was_run = was_told = was_destroyed = 0;
    estate = aligned_alloc(FL_CACHE_LINE, sizeof *estate);
    estate->home = (struct fl_home){.generation = 1};
    fl_arena_init(&estate->home.arena, destroy);
    fl_heap_init(&estate->heap, &estate->home.arena);
    fl_slab_own(&estate->heap);
    task = fl_heap_alloc(&estate->heap, &order);
    fl_task_init(task, &order, references);
    fl_slab_own(NULL);
    fl_slab_close(&estate->heap.small);
    fl_arena_release(&estate->home.arena);
}

static void begin_two(void)
{
    begin_with(2);
}
static void begin_three(void)
{
    begin_with(3);
}

static void end(void)
{
    MODEL_MUST(was_destroyed == 1);
}

/* The worker that took the task out of its queue. */
static void run(void)
{
    struct fl_run now = {0};
    if (fl_task_claim_owned(task))
        fl_task_run(&now, task, true);
    else
        fl_task_release(task);
}

static void look_at_outcome(void)
{
    uint32_t phase = fl_task_phase(task);
    MODEL_MUST(phase == FL_DONE || phase == FL_CANCELLED);
    if (phase == FL_DONE)
        MODEL_MUST(was_run == 1 && *(int *)task->result == 42);
    else
        MODEL_MUST(was_run == 0);
}

static void wait_and_release(void)
{
    MODEL_MUST(fl_task_wait(task, INT64_MAX) == 0);
    look_at_outcome();
    fl_task_release(task);
}

static void cancel_and_release(void)
{
    (void)fl_task_cancel(task);
    fl_task_release(task);
}

static void just_release(void)
{
    fl_task_release(task);
}

/* A waiter in a task: claims it, or watches it. */
static void claim_or_watch(void)
{
    struct fl_run now = {0};
    struct fl_waiter waiter;
    struct fl_wait_node node;
    if (fl_task_claim(task)) {
        fl_task_run(&now, task, false);
    } else {
        fl_waiter_init(&waiter);
        if (fl_waiter_watch(&waiter, &node, task)) {
            while (!fl_task_is_final(task)) {
                uint32_t events = fl_waiter_events(&waiter);
                if (!fl_task_is_final(task))
                    (void)fl_waiter_sleep(&waiter, events, INT64_MAX);
            }
            fl_waiter_unwatch(&node, task);
        }
    }
    look_at_outcome();
    fl_task_release(task);
}

static int tell(filch_future *done, void *given)
{
    (void)given;
    MODEL_MUST(done == task);
    look_at_outcome();
    was_told++;
    return 0;
}

static void add_callback_and_release(void)
{
    MODEL_MUST(fl_hook_add_callback(task, tell, NULL) == 0);
    fl_task_release(task);
}

static void end_told(void)
{
    MODEL_MUST(was_told == 1);
    end();
}

static const struct model_scene scenes[] = {
    {.name = "task/wait",
        .begin = begin_two,
        .play = {run, wait_and_release},
        .end = end,
        .preemptions = 3},
    {.name = "task/wait_two",
        .begin = begin_three,
        .play = {run, wait_and_release, wait_and_release},
        .end = end},
    {.name = "task/cancel",
        .begin = begin_three,
        .play = {run, cancel_and_release, wait_and_release},
        .end = end},
    {.name = "task/forsaken",
        .begin = begin_two,
        .play = {run, just_release},
        .end = end,
        .preemptions = 3},
    {.name = "task/release",
        .begin = begin_three,
        .play = {run, just_release, just_release},
        .end = end},
    {.name = "task/claim",
        .begin = begin_two,
        .play = {run, claim_or_watch},
        .end = end},
    {.name = "task/callback",
        .begin = begin_two,
        .play = {run, add_callback_and_release},
        .end = end_told},
    {.name = "task/callback_cancel",
        .begin = begin_three,
        .play = {run, add_callback_and_release, cancel_and_release},
        .end = end_told},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
