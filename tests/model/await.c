/* SPDX-License-Identifier: MIT */
/* Waits in the tasks of a pool: what has not started is claimed, wherever it is
 * queued, and runs once. */
#include "pool.h"

#include "platform/futex.h"

/* The child is in the waiter's own deque, for others to steal. */
static int submit_and_wait(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    model_calm(false);
    wait_for(submit(count, arg), arg);
    return 0;
}

static void submit_family_close(void)
{
    model_calm(true);
    filch_future *f = submit(submit_and_wait, &runs);
    wait_for(f, &runs);
    model_calm(true);
    close_pool();
}

/* Two, awaited in the order of their submits: at the old end of the deque. */
static int submit_two_and_wait(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    filch_future *a = submit(count, &runs);
    filch_future *b = submit(count, &runs_2);
    wait_for(a, &runs);
    wait_for(b, &runs_2);
    return 0;
}

static void submit_large_family_close(void)
{
    filch_future *f = submit(submit_two_and_wait, NULL);
    MODEL_MUST(fl_await(f, INT64_MAX) == 0);
    fl_task_release(f);
    close_pool();
}

/* It is at a door, behind the task that waits for it. */
static filch_future *at_door;
static _Atomic uint32_t is_there;

static int wait_for_the_next(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    while (!load_acquire(&is_there))
        (void)fl_futex_wait(&is_there, 0, INT64_MAX);
    wait_for(at_door, arg);
    return 0;
}

static void begin_at_door(void)
{
    begin_one();
    store_relaxed(&is_there, 0);
}

static void submit_two_close(void)
{
    filch_future *f = submit(wait_for_the_next, &runs);
    at_door = submit(count, &runs);
    store_release(&is_there, 1);
    fl_futex_wake(&is_there, 1);
    wait_for(f, &runs);
    close_pool();
}

static const struct model_scene scenes[] = {
    {.name = "await/own",
        .begin = begin_two,
        .play = {submit_family_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "await/two",
        .begin = begin_one,
        .play = {submit_large_family_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "await/door",
        .begin = begin_at_door,
        .play = {submit_two_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
